import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { rmSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type {
  HubSpotClientOptions,
  Lead,
  LeadpipeError,
  LeadsOptions,
  Operator,
  Quarantined,
  Report,
} from '../../lib/index.ts'
import type { Position } from '../../lib/lead/Position.ts'
import type { CheckpointMessage } from '../../lib/observe/channels.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { SourceState } from '../../lib/sources/SourceCounts.ts'
import type { Batch } from '../../lib/stage/SourceStage.ts'
import { attachSource } from '../../lib/streams/attachSource.ts'
import { anEvent } from '../support/aLead.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { receive } from '../support/receive.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
import { Workplace } from '../support/Workplace.ts'

const count = 90
/** In the order of their times; every seventh is invalid. */
const all = Array.from({ length: count }, (_, n) => ({
  guid: `lead-${n}`,
  insertedAt: 1_000_000 + n,
  leadConversionEvents: [anEvent(`event-${n}-0`), anEvent(`event-${n}-1`)],
  ...(n % 7 === 3 ? { score: 'high' } : {}),
}))
const invalid = all.filter(lead => 'score' in lead).length
const boom = new Error('boom')

/** A portal without faults. */
const portal = await createPortal({ leads: all })
t.teardown(() => portal.close())

interface Start {
  origin?: string
  client?: HubSpotClientOptions
  reading?: LeadsOptions
  operators?: () => Operator<Lead, unknown>
  name?: string
  /** Leads from one periodic save to the next; by default only the end saves anything. */
  every?: number
  signal?: AbortSignal
}

/** One start of an export with a quarantine. */
function start(t: Test, work: Workplace, given: Start = {}): Promise<Report> {
  const { operators = () => explodeEvents<Lead>(), name = 'out.json', every = 1e9, signal } = given
  const client = openClient(t, given.origin ?? portal.origin, {
    accessToken: portal.accessToken,
    retry: { retries: 0 },
    ...given.client,
  })
  return run(
    leads(client, { max: 20, ...given.reading }),
    validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson') }),
    operators(),
    toFile(work.file(name)),
    {
      signal,
      checkpoint: {
        path: work.checkpoint,
        every: { leads: every, bytes: 1e12, milliseconds: 1e9 },
        version: '1',
      },
    },
  )
}

/** What is in the output and in the quarantine; not when it was set aside, nor on which page it came. */
const outcomeOf = (work: Workplace, name = 'out.json') => ({
  out: work.contents(name),
  rejected: work.lines<Quarantined>('rejected.ndjson').map(({ raw, code }) => `${code} ${raw}`),
})

/** What a run comes to that nothing ends early. */
async function undisturbed(t: Test, work: Workplace, given: Start = {}) {
  const report = await start(t, work, given)
  const outcome = outcomeOf(work, given.name)
  strictEqual(outcome.rejected.length, invalid)
  work.clear()
  return { counts: countsOf(report), outcome }
}

type RunFailure = LeadpipeError & { report: Report }

const positionOf = (work: Workplace): Position => (work.saved.state.source as SourceState).position

/** The end of a run in the middle: what it left can be resumed. */
function isUnfinished(t: Test, work: Workplace, name = 'out.json') {
  t.equal(work.saved.phase, 'running')
  t.strictSame(work.names, ['checkpoint.json', work.partial(name), work.partial('rejected.ndjson')])
}

/** Notes each lead that goes through it. */
const noting = (seen: string[]) => peek<Lead>(({ guid }) => void seen.push(String(guid)))

const faults: [fault: string, code: string][] = [
  ['status=429,policy=DAILY', 'DAILY_LIMIT'],
  ['status=404', 'HTTP'],
  ['status=500', 'HTTP'],
  ['status=401', 'AUTH'],
  ['reset', 'NETWORK'],
  ['cut=0.5', 'NETWORK'],
  ['garbage=broken', 'DECODE'],
]
const ways: Record<string, Pick<Start, 'client' | 'reading'>> = {
  'page after page': { client: { concurrency: 1 }, reading: { readAheadBytes: 0 } },
  'reading ahead': { client: { concurrency: 4 } },
  'by offset': { reading: { paging: 'offset' } },
}
for (const [way, given] of Object.entries(ways)) {
  t.test(
    `a source that fails in the middle, ${way}: what came before is saved, and no lead comes twice`,
    async t => {
      for (const [fault, code] of faults) {
        const faulty = await createPortal({ leads: all, faults: `page=3 x1:${fault}` })
        t.after(() => faulty.close())
        const work = new Workplace(t)
        const seen: string[] = []
        const operators = () => compose(noting(seen), explodeEvents<Lead>())
        const expected = await undisturbed(t, work, { ...given, operators })
        seen.length = 0
        const begin = () => start(t, work, { ...given, operators, origin: faulty.origin })
        const error = (await failureOf(begin())) as RunFailure
        t.match(error, { code, report: { checkpoint: { starts: 1, saves: 2 } } }, fault)
        isUnfinished(t, work)
        const saved = positionOf(work).leads
        t.ok(saved > 0 && saved < count, `${fault}: saved behind lead ${saved}`)
        t.equal(saved, error.report.leads, fault)
        t.strictSame(countsOf(await begin()), expected.counts, fault)
        t.strictSame(outcomeOf(work), expected.outcome, fault)
        t.equal(new Set(seen).size, seen.length, `${fault}: no lead twice`)
        work.clear()
      }
    },
  )
}

t.test(
  'a client that is closed in the middle saves what came, as any other failure of the source',
  async t => {
    const work = new Workplace(t)
    const begin = (closes: boolean) => {
      const client = openClient(t, portal.origin, { accessToken: portal.accessToken, concurrency: 1 })
      return run(
        leads(client, { max: 20, readAheadBytes: 0 }),
        validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson') }),
        peek(({ guid }) => {
          if (closes && guid === 'lead-29') void client.close()
        }),
        toFile(work.file('out.json')),
        { checkpoint: { path: work.checkpoint, every: { leads: 1e9 } } },
      )
    }
    const expected = countsOf(await begin(false))
    const outcome = outcomeOf(work)
    work.clear()
    const error = (await failureOf(begin(true))) as RunFailure
    isUnfinished(t, work)
    t.ok(positionOf(work).leads >= 30)
    t.equal(positionOf(work).leads, error.report.leads)
    t.strictSame(countsOf(await begin(false)), expected)
    t.strictSame(outcomeOf(work), outcome)
  },
)

/** Fails for the lead of this number; mended, for none. */
const failing: Record<string, (n?: number) => Operator<Lead, Lead>> = {
  'a map that throws': n =>
    map<Lead, Lead>(lead => {
      if (lead.guid === `lead-${n}`) throw boom
      return lead
    }),
  'a filter that throws': n =>
    filter<Lead>(({ guid }) => {
      if (guid === `lead-${n}`) throw boom
      return true
    }),
  'a map that rejects': n =>
    map<Lead, Lead>(async lead => {
      await null
      if (lead.guid === `lead-${n}`) throw boom
      return lead
    }),
  'a step that emits the lead before it throws': n =>
    operator<Lead>('emits', (lead, emit) => {
      emit(lead)
      if (lead.guid === `lead-${n}`) throw boom
    }),
  'a step that emits null': n =>
    operator<Lead>('emits', (lead, emit) => emit(lead.guid === `lead-${n}` ? (null as never) : lead)),
}

/** Valid leads on both sides of the borders of pages, the first, the last, and one behind an invalid one. */
const places = [0, 4, 19, 20, 57, count - 1]

for (const [what, of] of Object.entries(failing)) {
  t.test(`${what}: it is saved behind the lead before`, async t => {
    const work = new Workplace(t)
    const operators = (n?: number) => () =>
      compose(
        filter<Lead>(() => true),
        of(n),
        explodeEvents<Lead>(),
      )
    const expected = await undisturbed(t, work, { operators: operators() })
    for (const n of places) {
      const error = await failureOf(start(t, work, { operators: operators(n) }))
      t.match(error, { code: 'OPERATOR', report: { checkpoint: { saves: 2 } } }, `lead ${n}`)
      isUnfinished(t, work)
      t.equal(positionOf(work).leads, n, `lead ${n}`)
      t.strictSame(countsOf(await start(t, work, { operators: operators() })), expected.counts, `lead ${n}`)
      t.strictSame(outcomeOf(work), expected.outcome, `lead ${n}`)
      work.clear()
    }
  })
}

t.test('one lead that is exploded and fails for its second record: its first one is in no file', async t => {
  const work = new Workplace(t)
  const operators = (fails: boolean) => () =>
    compose(
      explodeEvents<Lead>(),
      map(record => {
        if (fails && record.conversionEvent.guid === 'event-33-1') throw boom
        return record
      }),
    )
  const expected = await undisturbed(t, work, { operators: operators(false) })
  t.match(await failureOf(start(t, work, { operators: operators(true) })), { code: 'OPERATOR' })
  t.equal(positionOf(work).leads, 33)
  t.notMatch(work.contents(work.partial('out.json')), 'event-33-')
  t.match(countsOf(await start(t, work, { operators: operators(false) })), expected.counts)
  t.strictSame(outcomeOf(work), expected.outcome)
})

t.test('a lead that is quarantined too much fails the run: it is saved in front of it', async t => {
  const work = new Workplace(t)
  const begin = (maxInvalid: number) =>
    run(
      leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 }),
      map<Lead, Lead>(lead => lead),
      validate({
        onInvalid: 'quarantine',
        quarantine: work.file('rejected.ndjson'),
        maxInvalid,
      }),
      toFile(work.file('out.json')),
      { checkpoint: { path: work.checkpoint, every: { leads: 1e9 } } },
    )
  for (let again = 0; again < 2; again += 1) {
    t.match(await failureOf(begin(4)), { code: 'INVALID_LEAD', message: /^5 of 32 leads are invalid/ })
    // The fifth that is invalid is lead 31.
    t.equal(positionOf(work).leads, 31)
    t.equal(work.contents(work.partial('rejected.ndjson')).split('\n').length - 1, 4)
  }
})

/** Operators whose state can't be undone; each is saved every ten leads. */
const stateful: Record<string, () => Operator<Lead, Lead>> = {
  'an operator of the user with state': () => numbering(),
  'an operator of the user with counts': () =>
    operator<Lead>({
      name: 'counting',
      stateless: true,
      create() {
        let steps = 0
        return {
          step(lead, emit) {
            steps += 1
            emit(lead)
          },
          counts: () => ({ steps }),
        }
      },
    }),
  'a stream of the user': () => transform<Lead, Lead>(() => new PassThrough({ objectMode: true })),
}

/** Numbers leads, over restarts as well. */
const numbering = () =>
  operator<Lead>({
    name: 'numbering',
    create() {
      let n = 0
      return {
        step(lead, emit) {
          n += 1
          emit({ ...lead, firstName: `number ${n}` })
        },
        save: () => n,
        restore: state => {
          n = Number(state)
        },
      }
    },
  })

for (const [what, of] of Object.entries(stateful)) {
  t.test(`a step that fails behind ${what}: the last periodic save is kept`, async t => {
    const work = new Workplace(t)
    const operators = (fails: boolean) => () =>
      compose(
        of(),
        map<Lead, Lead>(lead => {
          if (fails && lead.guid === 'lead-36') throw boom
          return lead
        }),
        explodeEvents<Lead>(),
      )
    const expected = await undisturbed(t, work, { operators: operators(false), every: 10 })
    t.match(await failureOf(start(t, work, { operators: operators(true), every: 10 })), { code: 'OPERATOR' })
    isUnfinished(t, work)
    const { leads } = positionOf(work)
    t.ok(leads <= 30 && leads % 10 === 0, `saved behind lead ${leads}`)
    const report = await start(t, work, { operators: operators(false), every: 10 })
    t.strictSame(countsOf(report), expected.counts)
    t.strictSame(outcomeOf(work), expected.outcome)
  })
}

t.test('a lead of which something is with the sink already is not undone: the last save is kept', async t => {
  const work = new Workplace(t)
  const operators = (fails: boolean) => () =>
    operator<Lead>('late', async (lead, emit) => {
      await null
      emit(lead)
      await null
      if (fails && lead.guid === 'lead-36') throw boom
    })
  const expected = await undisturbed(t, work, { operators: operators(false) })
  t.match(await failureOf(start(t, work, { operators: operators(true) })), { code: 'OPERATOR' })
  t.equal(positionOf(work).leads, 0)
  t.strictSame(countsOf(await start(t, work, { operators: operators(false) })), expected.counts)
  t.strictSame(outcomeOf(work), expected.outcome)
})

t.test('a step that fails in front of an operator with state is undone: nothing reached that', async t => {
  const work = new Workplace(t)
  const operators = (fails: boolean) => () =>
    compose(
      map<Lead, Lead>(lead => {
        if (fails && lead.guid === 'lead-36') throw boom
        return lead
      }),
      numbering(),
    )
  const expected = await undisturbed(t, work, { operators: operators(false) })
  t.match(await failureOf(start(t, work, { operators: operators(true) })), { code: 'OPERATOR' })
  t.equal(positionOf(work).leads, 36)
  t.strictSame(countsOf(await start(t, work, { operators: operators(false) })), expected.counts)
  t.strictSame(outcomeOf(work), expected.outcome)
})

t.test('a flush that fails at the end of the list keeps the last save: the rest comes again', async t => {
  const work = new Workplace(t)
  const last = `lead-${count - 1}`
  const operators = (fails: boolean) => () =>
    operator<Lead>({
      name: 'last',
      stateless: true,
      create: () => ({
        step(lead, emit) {
          if (lead.guid !== last) emit(lead)
        },
        flush() {
          if (fails) throw boom
        },
      }),
    })
  const expected = await undisturbed(t, work, { operators: operators(false) })
  t.match(await failureOf(start(t, work, { operators: operators(true) })), { code: 'OPERATOR' })
  isUnfinished(t, work)
  t.equal(positionOf(work).leads, 0)
  t.strictSame(countsOf(await start(t, work, { operators: operators(false) })), expected.counts)
  t.strictSame(outcomeOf(work), expected.outcome)
})

t.test('a source that has the next batch ready already is saved behind the one that was taken', async t => {
  const client = openClient(t, portal.origin, { accessToken: portal.accessToken })
  const source = attachSource(leads(client, { max: 20, readAheadBytes: 0 }), () => {})
  const run = source.stage.open({ wants: { rejected: false, origins: false }, fail() {} })
  const leadsOf = (batch: Batch<unknown> | undefined, taken: number) =>
    (run.save(batch, taken) as SourceState).position.leads
  const bounds = await run.next()
  t.equal(leadsOf(bounds, 0), 0)
  const first = await run.next()
  const items = [...(first?.items ?? [])].length
  t.ok(items > 1)
  t.equal(leadsOf(first, 1), 1)
  // All of it counts as taken now, and nothing of the next one: nobody has that yet.
  const second = await run.next()
  t.equal(leadsOf(first, items), items)
  t.equal(leadsOf(second, 2), items + 2)
  await run.close(second, 2)
  await source.close(true)
})

t.test('an abort while an answer of the server is waited for saves every lead that came before', async t => {
  const work = new Workplace(t)
  const seen: string[] = []
  const operators = () => compose(noting(seen), explodeEvents<Lead>())
  const abort = new AbortController()
  let asked = 0
  const origin = await reshapingProxy(t, portal.origin, (body, response) => {
    asked += 1
    if (asked !== 4) response.end(body)
    // Every page before was taken, and this one never comes.
    else setImmediate(() => abort.abort('enough'))
  })
  const given: Start = { origin, operators, client: { concurrency: 1 }, reading: { readAheadBytes: 0 } }
  t.equal(await failureOf(start(t, work, { ...given, signal: abort.signal })), 'enough')
  isUnfinished(t, work)
  t.ok(seen.length > 20)
  const { leads, paging } = positionOf(work)
  t.equal(paging, 'seek')
  const expectedSeen = all.slice(0, leads).filter(lead => !('score' in lead))
  t.strictSame(
    seen,
    expectedSeen.map(({ guid }) => guid),
  )
  const counts = countsOf(await start(t, work, given))
  t.equal(new Set(seen).size, seen.length)
  const outcome = outcomeOf(work)
  work.clear()
  const expected = await undisturbed(t, work, given)
  t.strictSame(counts, expected.counts)
  t.strictSame(outcome, expected.outcome)
})

t.test('a record that can not be written ends the run, and nothing of it is saved', async t => {
  for (const name of ['out.json', 'out.ndjson.gz']) {
    const work = new Workplace(t)
    const operators = (fails: boolean) => () =>
      compose(
        paced<Lead>(),
        map<Lead, unknown>(lead => (fails && lead.guid === 'lead-36' ? { guid: 1n } : { guid: lead.guid })),
      )
    const expected = await undisturbed(t, work, { operators: operators(false), every: 10, name })
    const failed = start(t, work, { operators: operators(true), every: 10, name })
    t.match(await failureOf(failed), { code: 'SINK' })
    isUnfinished(t, work, name)
    t.equal(positionOf(work).leads, 30)
    const report = await start(t, work, { operators: operators(false), every: 10, name })
    t.strictSame(countsOf(report), expected.counts)
    t.strictSame(outcomeOf(work, name), expected.outcome)
  }
})

t.test('a file that was removed while it is written is not saved as if it were there', async t => {
  const work = new Workplace(t)
  const operators = () =>
    peek<Lead>(({ guid }) => {
      if (guid === 'lead-36') rmSync(work.file(work.partial('out.json')))
      if (guid === 'lead-40') throw boom
    })
  t.match(await failureOf(start(t, work, { operators })), { code: 'OPERATOR' })
  t.equal(positionOf(work).leads, 0)
  t.match(await failureOf(start(t, work, { operators })), { code: 'CHECKPOINT', message: /does not exist/ })
})

for (const how of ['a sink that is destroyed', 'an abort']) {
  t.test(`${how} while a checkpoint is being saved: the run ends behind that save`, async t => {
    const work = new Workplace(t)
    const abort = new AbortController()
    const sink = toFile(work.file('out.json'))
    const steps: string[] = []
    const listen = (message: unknown) => {
      const { step, saves } = message as CheckpointMessage
      steps.push(step)
      if (step !== 'flushed' || saves !== 3) return
      if (how === 'an abort') abort.abort(boom)
      else sink.destroy(boom)
    }
    subscribe('leadpipe:checkpoint', listen)
    t.teardown(() => unsubscribe('leadpipe:checkpoint', listen))
    const source = leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 })
    await failureOf(
      run(source, paced(), sink, {
        signal: abort.signal,
        checkpoint: { path: work.checkpoint, every: { leads: 10 } },
      }),
    )
    t.ok(steps.length >= 6)
    t.equal(steps.filter(step => step === 'saved').length, steps.length / 2)
  })
}

t.test('a sink that is destroyed from outside saves what it was given, or the last save stays', async t => {
  const work = new Workplace(t)
  const begin = (destroys: boolean) => {
    const sink = toFile(work.file('out.json'))
    return run(
      leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 }),
      validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson') }),
      peek(({ guid }) => {
        if (destroys && guid === 'lead-36') sink.destroy(boom)
      }),
      sink,
      { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
    )
  }
  const report = await begin(false)
  const outcome = outcomeOf(work)
  work.clear()
  t.match(await failureOf(begin(true)), { code: 'SINK', cause: boom })
  isUnfinished(t, work)
  t.strictSame(countsOf(await begin(false)), countsOf(report))
  t.strictSame(outcomeOf(work), outcome)
})

t.test('a receiver that fails in the middle: what was not settled comes again under its key', async t => {
  const work = new Workplace(t)
  let isDown = true
  const receiver = await receive(t, ({ text }, response) => {
    const status = isDown && text.includes('"lead-33"') ? 500 : 204
    response.writeHead(status).end()
  })
  const begin = () =>
    run(
      leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 }),
      paced<Lead>(),
      map(({ guid }) => ({ guid })),
      toHttp(receiver.origin, { batch: { records: 7 }, retry: { retries: 0 } }),
      { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
    )
  t.match(await failureOf(begin()), { code: 'SINK' })
  // Leads 28 to 34 are the batch that failed.
  t.ok(positionOf(work).leads <= 30)
  isDown = false
  t.match(await begin(), { records: count, sink: { acknowledged: count } })
  const bodies = new Map<string, string>()
  for (const { key, text } of receiver.arrivals) {
    t.equal(bodies.get(key) ?? text, text, 'one key, one body')
    bodies.set(key, text)
  }
  const guids = [...bodies.values()].flatMap(text => text.trim().split('\n'))
  t.strictSame(guids.toSorted(), all.map(({ guid }) => JSON.stringify({ guid })).toSorted())
})

t.test(
  'a batch that fails while no other record reaches the sink is not saved as if it were settled',
  async t => {
    const work = new Workplace(t)
    let isDown = true
    const receiver = await receive(
      t,
      (_arrival, response) => void response.writeHead(isDown ? 500 : 204).end(),
    )
    const begin = () =>
      run(
        leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 }),
        filter(({ guid }) => {
          // Behind the lead that is sent, one whose step never ends: the failure of the batch comes meanwhile.
          if (guid === 'lead-40' && isDown) return new Promise<boolean>(() => {})
          return guid === 'lead-33'
        }),
        toHttp(receiver.origin, { batch: { records: 1 }, retry: { retries: 0 } }),
        { checkpoint: { path: work.checkpoint, every: { leads: 1e9 } } },
      )
    t.match(await failureOf(begin()), { code: 'SINK' })
    t.equal(positionOf(work).leads, 0)
    isDown = false
    t.match(await begin(), { records: 1, sink: { acknowledged: 1 } })
    const [failed, repeated] = receiver.arrivals
    t.equal(receiver.arrivals.length, 2)
    t.match(repeated, { key: failed?.key, text: failed?.text })
  },
)

const same = () => map<Lead, Lead>(lead => lead)

/** How one start of a run is ended early, and where. */
const trouble = fc.record({
  how: fc.constantFrom('source', 'step', 'late step', 'half a step', 'abort', 'record', 'nothing'),
  at: fc.nat(count - 1),
})
const scenario = fc.record({
  troubles: fc.array(trouble, { minLength: 1, maxLength: 4 }),
  every: fc.constantFrom(7, 20, 1e9),
  name: fc.constantFrom('out.json', 'out.ndjson', 'out.ndjson.gz'),
  hasState: fc.boolean(),
  hasStream: fc.boolean(),
  concurrency: fc.constantFrom(1, 4),
})

t.test('however often a run is ended early, and whatever by, it comes out as if it had not been', async t => {
  let isBroken = false
  const origin = await reshapingProxy(t, portal.origin, (body, response) => {
    if (isBroken) response.writeHead(404)
    response.end(isBroken ? '{}' : body)
  })
  const references = new Map<string, Awaited<ReturnType<typeof undisturbed>>>()
  const ends = new Set<string>()
  let places = 0

  const property = fc.asyncProperty(
    scenario,
    async ({ troubles, every, name, hasState, hasStream, concurrency }) => {
      const work = new Workplace(t)
      const abort = { controller: new AbortController() }
      /** What goes wrong in this start. */
      let now: { how: string; at: number } = { how: 'nothing', at: 0 }
      const isAt = (guid: unknown, how: string) => now.how === how && guid === `lead-${now.at}`
      const operators = () =>
        compose(
          peek<Lead>(({ guid }) => {
            if (isAt(guid, 'abort')) abort.controller.abort(boom)
            if (isAt(guid, 'source')) isBroken = true
            if (isAt(guid, 'step')) throw boom
          }),
          hasState ? numbering() : same(),
          hasStream ? transform<Lead, Lead>(() => new PassThrough({ objectMode: true })) : same(),
          map<Lead, Lead>(async lead => {
            if (isAt(lead.guid, 'late step')) throw boom
            return lead
          }),
          explodeEvents<Lead>(),
          map<{ guid?: unknown; conversionEvent: { guid?: unknown } }, unknown>(
            ({ guid, conversionEvent }) => {
              if (isAt(guid, 'half a step') && String(conversionEvent.guid).endsWith('-1')) throw boom
              return { guid: isAt(guid, 'record') ? 1n : guid, event: conversionEvent.guid }
            },
          ),
        )
      const begin = () => {
        abort.controller = new AbortController()
        const { signal } = abort.controller
        return start(t, work, { origin, client: { concurrency }, operators, name, every, signal })
      }
      const shape = `${name} ${hasState} ${hasStream}`
      const expected =
        references.get(shape) ?? (await undisturbed(t, work, { origin, operators, name, every: 1e9 }))
      references.set(shape, expected)

      let report: Report | undefined
      let before = 0
      for (now of [...troubles, { how: 'nothing', at: 0 }]) {
        report = await begin().catch((error: unknown) => {
          const { code } = error as Partial<LeadpipeError>
          ok(error === boom || ['HTTP', 'OPERATOR', 'SINK'].includes(code ?? ''), String(error))
          return undefined
        })
        isBroken = false
        if (report !== undefined) break
        ends.add(now.how)
        const { leads } = positionOf(work)
        ok(leads >= before, 'a checkpoint never goes back')
        if (leads > before) places += 1
        before = leads
      }
      ok(report)
      deepStrictEqual(countsOf(report), expected.counts)
      deepStrictEqual(outcomeOf(work, name), expected.outcome)
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 60 }))
  t.equal(ends.size, 6, [...ends].join(', '))
  t.ok(places > 20, `${places} places to resume from`)
})
