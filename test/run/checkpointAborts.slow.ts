import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Lead } from '../../lib/index.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { SourceState } from '../../lib/sources/SourceCounts.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const portal = await createPortal({ leads: 130 })
t.teardown(() => portal.close())
const { accessToken } = portal
const name = 'out.json'

const source = (t: Test, origin = portal.origin) => leads(openClient(t, origin, { accessToken }), { max: 20 })

/** One start; nothing but an abort saves anything, after the first answer. */
function start(
  t: Test,
  work: Workplace,
  {
    signal,
    see = () => {},
    origin,
  }: { signal?: AbortSignal; see?: (lead: Lead) => unknown; origin?: string } = {},
) {
  return run(source(t, origin), peek(see), toFile(work.file(name)), {
    checkpoint: {
      path: work.checkpoint,
      every: { leads: 1e9, bytes: 1e12, milliseconds: 1e9 },
      version: '1',
    },
    signal,
  })
}

const reference = async (t: Test, work: Workplace) => {
  const report = await start(t, work)
  const contents = work.contents(name)
  work.clear()
  return { report, contents }
}

for (const k of [1, 7, 16, 40]) {
  t.test(`aborted after every ${k} leads, a run saves what is done: no step sees a lead twice`, async t => {
    const work = new Workplace(t)
    const undisturbed = await reference(t, work)
    const seen: unknown[] = []
    const reason = new Error('enough for now')
    let starts = 0
    for (let report: unknown; report === undefined; ) {
      starts += 1
      const before = seen.length
      const abort = new AbortController()
      const outcome = start(t, work, {
        signal: abort.signal,
        see({ guid }) {
          seen.push(guid)
          if (seen.length === before + k) abort.abort(reason)
        },
      })
      report = await outcome.catch(error => {
        if (error !== reason) throw error
      })
      if (report === undefined) {
        t.ok(seen.length >= before + k)
        const { position } = work.saved.state.source as SourceState
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

t.test('an abort before the start touches nothing', async t => {
  const work = new Workplace(t)
  const { requestCount } = portal
  const outcome = start(t, work, { signal: AbortSignal.abort('no') })
  t.equal(await failureOf(outcome), 'no')
  t.equal(portal.requestCount, requestCount)
  t.strictSame(work.names, [])
})

t.test('an abort before the first answer, and one with it, leave a run that begins anew', async t => {
  const work = new Workplace(t)
  const undisturbed = await reference(t, work)
  for (const when of ['before', 'after'] as const) {
    const abort = new AbortController()
    const origin = await reshapingProxy(t, portal.origin, (body, response) => {
      if (when === 'before') abort.abort('no')
      response.end(body)
      if (when === 'after') abort.abort('no')
    })
    t.equal(await failureOf(start(t, work, { signal: abort.signal, origin })), 'no')
    work.clear()
  }
  const report = await start(t, work)
  t.strictSame(countsOf(report), countsOf(undisturbed.report))
  t.equal(work.contents(name), undisturbed.contents)
})

t.test('the reason is told as it is, whatever it is', async t => {
  const work = new Workplace(t)
  for (const reason of [null, 0, '', { code: 'MINE' }]) {
    const abort = new AbortController()
    const outcome = start(t, work, { signal: abort.signal, see: () => abort.abort(reason) })
    t.equal(await failureOf(outcome), reason)
  }
})

t.test("an abort by the source's own signal saves what is done, as one of the run does", async t => {
  const work = new Workplace(t)
  const undisturbed = await reference(t, work)
  const abort = new AbortController()
  let seen = 0
  const outcome = run(
    leads(openClient(t, portal.origin, { accessToken }), { max: 20, signal: abort.signal }),
    peek(() => {
      seen += 1
      if (seen === 50) abort.abort('no')
    }),
    toFile(work.file(name)),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 }, version: '1' } },
  )
  t.equal(await failureOf(outcome), 'no')
  t.equal((work.saved.state.source as SourceState).position.leads, seen)
  t.strictSame(countsOf(await start(t, work)), countsOf(undisturbed.report))
  t.equal(work.contents(name), undisturbed.contents)
})

t.test(
  'an abort while a step never ends waits for it no longer than its patience, and keeps the last save',
  async t => {
    const work = new Workplace(t)
    const abort = new AbortController()
    let isSettled = false
    const stuck = new Promise<Promise<unknown>>(resolve => {
      const never = operator<Lead>('never', () => {
        // Within a promise, so that who awaits it does not await the run.
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
    t.notOk(isSettled, 'it waits for ten seconds')
    mock.timers.tick(1)
    t.equal(await outcome, 'no')
    t.strictSame(work.everything, before)
    t.match(work.saved, { phase: 'running', state: { source: { position: { leads: 0 } } } })
  },
)
