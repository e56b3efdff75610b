import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Lead } from '../../lib/index.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import type { LeadState } from '../../lib/sources/LeadRun.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const portal = await createPortal({ leads: 130 })
t.teardown(() => portal.close())
const name = 'out.json'

const source = (t: Test, origin = portal.origin) => leads(portalClient(t, portal, { origin }), { max: 20 })

/** Runs the export once; after the first response, only an abort saves a checkpoint. */
const exportLeads = (
  t: Test,
  work: Workplace,
  {
    signal,
    onLead = () => {},
    origin,
  }: { signal?: AbortSignal; onLead?: (lead: Lead) => unknown; origin?: string } = {},
) =>
  runWithCheckpoint(work, {
    source: source(t, origin),
    operators: peek(onLead),
    sink: toFile(work.file(name)),
    checkpoint: { every: { leads: 1e9, bytes: 1e12, milliseconds: 1e9 }, version: '1' },
    signal,
  })

/** The report and file of a run that is not aborted. */
const undisturbedRun = async (t: Test, work: Workplace) => {
  const report = await exportLeads(t, work)
  const contents = work.contents(name)
  work.clear()
  return { report, contents }
}

for (const k of [1, 7, 16, 40]) {
  t.test(`checkpoint: a run aborted after each ${k} leads and resumed reads each lead once`, async t => {
    const work = new Workplace(t)
    const undisturbed = await undisturbedRun(t, work)
    const seen: unknown[] = []
    const reason = new Error('enough for now')
    let starts = 0
    for (let report: unknown; report === undefined; ) {
      starts += 1
      const before = seen.length
      const abort = new AbortController()
      const outcome = exportLeads(t, work, {
        signal: abort.signal,
        onLead({ guid }) {
          seen.push(guid)
          if (seen.length === before + k) abort.abort(reason)
        },
      })
      report = await outcome.catch(error => {
        if (error !== reason) throw error
      })
      if (report === undefined) {
        t.ok(seen.length >= before + k)
        const { position } = work.saved.state.source as LeadState
        t.equal(position.leads, seen.length)
        t.strictSame(work.names, ['checkpoint.json', work.partial(name)])
      } else {
        t.strictSame(countsOf(report as never), countsOf(undisturbed.report))
        t.match(report, { checkpoint: { starts } })
      }
    }
    t.ok(starts > 2)
    t.equal(new Set(seen).size, seen.length)
    t.equal(work.contents(name), undisturbed.contents)
  })
}

t.test('checkpoint: an abort before the start sends no request and creates no file', async t => {
  const work = new Workplace(t)
  const { requestCount } = portal
  const outcome = exportLeads(t, work, { signal: AbortSignal.abort('no') })
  t.equal(await failureOf(outcome), 'no')
  t.equal(portal.requestCount, requestCount)
  t.strictSame(work.names, [])
})

t.test('checkpoint: after an abort at the first response, the next run starts at the beginning', async t => {
  const work = new Workplace(t)
  const undisturbed = await undisturbedRun(t, work)
  for (const when of ['before', 'after'] as const) {
    const abort = new AbortController()
    const origin = await reshapingProxy(t, portal.origin, (body, response) => {
      if (when === 'before') abort.abort('no')
      response.end(body)
      if (when === 'after') abort.abort('no')
    })
    t.equal(await failureOf(exportLeads(t, work, { signal: abort.signal, origin })), 'no')
    work.clear()
  }
  const report = await exportLeads(t, work)
  t.strictSame(countsOf(report), countsOf(undisturbed.report))
  t.equal(work.contents(name), undisturbed.contents)
})

t.test('checkpoint: an aborted run rejects with the reason itself, of whatever type', async t => {
  const work = new Workplace(t)
  for (const reason of [null, 0, '', { code: 'MINE' }]) {
    const abort = new AbortController()
    const outcome = exportLeads(t, work, { signal: abort.signal, onLead: () => abort.abort(reason) })
    t.equal(await failureOf(outcome), reason)
  }
})

t.test('checkpoint: an abort by the signal of leads() saves the position, as that of run does', async t => {
  const work = new Workplace(t)
  const undisturbed = await undisturbedRun(t, work)
  const abort = new AbortController()
  let seen = 0
  const outcome = run(
    leads(portalClient(t, portal), { max: 20, signal: abort.signal }),
    peek(() => {
      seen += 1
      if (seen === 50) abort.abort('no')
    }),
    toFile(work.file(name)),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 }, version: '1' } },
  )
  t.equal(await failureOf(outcome), 'no')
  t.equal((work.saved.state.source as LeadState).position.leads, seen)
  t.strictSame(countsOf(await exportLeads(t, work)), countsOf(undisturbed.report))
  t.equal(work.contents(name), undisturbed.contents)
})

t.test(
  'checkpoint: an abort waits 10 seconds at most for a step that never settles, and keeps the last save',
  async t => {
    const work = new Workplace(t)
    const abort = new AbortController()
    let isSettled = false
    const stuck = new Promise<Promise<unknown>>(resolve => {
      const never = operator<Lead>('never', () => {
        // In an array, so that awaiting the promise does not await the run.
        resolve(Promise.resolve([outcome]))
        return new Promise<void>(() => {})
      })
      const outcome = failureOf(
        run(source(t), never, toFile(work.file(name)), { checkpoint: work.checkpoint, signal: abort.signal }),
      ).finally(() => {
        isSettled = true
      })
    })
    const [outcome] = (await stuck) as unknown as [Promise<unknown>]
    const before = work.everything
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    abort.abort('no')
    await turns(10)
    mock.timers.tick(9_999)
    await turns(10)
    t.notOk(isSettled, 'the run still waits after 9.999 seconds')
    mock.timers.tick(1)
    t.equal(await outcome, 'no')
    t.strictSame(work.everything, before)
    t.match(work.saved, { phase: 'running', state: { source: { position: { leads: 0 } } } })
  },
)
