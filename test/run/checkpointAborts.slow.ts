import { once } from 'node:events'
import t, { type Test } from 'tap'
import { checkpointSettings } from '../../lib/checkpoint/options.ts'
import type { Lead } from '../../lib/index.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { buildStages } from '../../lib/run/buildStages.ts'
import { joinStreams } from '../../lib/run/joinStreams.ts'
import { openQuarantines } from '../../lib/run/openQuarantines.ts'
import { RunCheckpoint } from '../../lib/run/RunCheckpoint.ts'
import { readArguments } from '../../lib/run/readArguments.ts'
import { run } from '../../lib/run/run.ts'
import { streamsOf } from '../../lib/run/Stages.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/source/leads.ts'
import type { SourceState } from '../../lib/source/SourceState.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
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
    checkpoint: { path: work.checkpoint, every: { leads: 1e9, bytes: 1e12, milliseconds: 1e9 } },
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
        const { position } = work.saved.stand.source as SourceState
        t.equal(position.leads, seen.length)
        t.strictSame(work.names, ['checkpoint.json', `${name}.partial`])
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

t.test("an abort by the source's own signal keeps the last checkpoint", async t => {
  const work = new Workplace(t)
  const undisturbed = await reference(t, work)
  const abort = new AbortController()
  let seen = 0
  const outcome = run(
    leads(openClient(t, portal.origin, { accessToken }), { max: 20 }, { signal: abort.signal }),
    peek(() => {
      seen += 1
      if (seen === 50) abort.abort('no')
    }),
    toFile(work.file(name)),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
  )
  t.equal(await failureOf(outcome), 'no')
  t.ok((work.saved.stand.source as SourceState).position.leads < 50)
  t.strictSame(countsOf(await start(t, work)), countsOf(undisturbed.report))
  t.equal(work.contents(name), undisturbed.contents)
})

t.test('an abort while a step never ends waits for it no longer than its patience', async t => {
  const work = new Workplace(t)
  let reached = () => {}
  const stuck = new Promise<void>(resolve => {
    reached = resolve
  })
  const never = operator<Lead>('never', () => {
    reached()
    return new Promise<void>(() => {})
  })
  const given = readArguments([source(t), never, toFile(work.file(name))])
  const quarantines = openQuarantines(never.definitions)
  const checkpoint = await RunCheckpoint.open(given, quarantines, [], checkpointSettings(work.checkpoint))
  const stages = buildStages(given, quarantines.definitions, () => {}, 'new')
  checkpoint.attach(stages, () => {
    throw new Error('it does not come to its end')
  })
  const joined = joinStreams(streamsOf(stages), stages.junctions)
  await stuck
  await checkpoint.halt(joined.ended, 1)
  const closed = once(stages.source, 'close')
  joined.fail('no')
  t.match(await joined.ended, { error: 'no' })
  await closed
  await checkpoint.close()
})
