import t, { type Test } from 'tap'
import type { Lead } from '../../lib/index.ts'
import { map } from '../../lib/operators/map.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { accept, type Receiving, receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const portal = await createPortal({ leads: 110 })
t.teardown(() => portal.close())

/** Delivers the portal's leads to a receiver. */
const deliver = (
  t: Test,
  work: Workplace,
  { origin }: Receiving,
  onMoment?: (moment: Moment) => void,
  waits = false,
) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 20 }),
    waits,
    operators: map(({ guid, email }: Lead) => ({ guid, email })),
    sink: toHttp(`${origin}/leads`, { batch: { records: 7 }, retry: { retries: 0 } }),
    every: 10,
    onMoment,
  })

const batches = ({ arrivals }: Receiving) => arrivals.map(({ key, text }) => `${key} ${text}`)

for (const waits of [true, false]) {
  const when = waits ? 'between leads' : 'while leads arrive'
  t.test(`checkpoint: saved ${when}, a resumed run sends the same batches under the same keys`, async t => {
    const work = new Workplace(t)
    const receiver = await receive(t)
    const arrivalsAtSave: number[] = []
    const onMoment = (moment: Moment) => {
      work.keep(moment)
      arrivalsAtSave.push(receiver.arrivals.length)
    }
    const undisturbed = await deliver(t, work, receiver, onMoment, waits)
    const expected = batches(receiver)
    t.equal(new Set(expected.map(batch => batch.split(' ')[0])).size, Math.ceil(undisturbed.read / 7))
    t.ok(work.snapshots.length > (waits ? 8 : 3), `${work.snapshots.length} snapshots`)
    for (const [index, snapshot] of work.snapshots.entries()) {
      work.goBack(snapshot)
      const from = receiver.arrivals.length
      const { requestCount } = portal
      const report = await deliver(t, work, receiver)
      const repeated = batches(receiver).slice(from)
      const acknowledged = arrivalsAtSave[index] as number
      t.strictSame(new Set([...expected.slice(0, acknowledged), ...repeated]), new Set(expected))
      t.equal(new Set(repeated).size, repeated.length)
      if (waits)
        t.equal(repeated.length, expected.length - acknowledged, 'no acknowledged batch is sent again')
      t.strictSame(countsOf(report), countsOf(undisturbed))
      if (snapshot.moment !== 'saved') {
        t.strictSame(repeated, [])
        t.equal(portal.requestCount, requestCount)
      }
    }
  })
}

t.test('checkpoint: batches that a receiver did not accept are sent again under the same key', async t => {
  const work = new Workplace(t)
  let failing = 0
  const receiver = await receive(t, (arrival, response) => {
    failing += 1
    if (failing % 5 === 0) void response.writeHead(500).end()
    else accept(arrival, response)
  })
  let report: unknown
  let starts = 0
  while (report === undefined) {
    starts += 1
    report = await deliver(t, work, receiver).catch(error => {
      if (error.code !== 'SINK') throw error
    })
  }
  t.ok(starts > 2)
  t.match(report, { checkpoint: { starts } })
  const keys = new Map<string, string>()
  const bodies = new Set<string>()
  for (const { key, text } of receiver.arrivals) {
    t.equal(keys.get(key) ?? text, text)
    keys.set(key, text)
    bodies.add(text)
  }
  t.equal(keys.size, bodies.size)
  const guids = [...keys.values()].flatMap(text => text.trim().split('\n')).length
  t.equal(guids, (report as { records: number }).records)
})

t.test('checkpoint: records that wait for a batch when the run is aborted are saved', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t)
  const abort = new AbortController()
  let seen = 0
  const outcome = run(
    leads(portalClient(t, portal), { max: 20 }),
    map(({ guid }) => {
      seen += 1
      if (seen === 3) abort.abort('no')
      return { guid }
    }),
    toHttp(receiver.origin, { batch: { records: 500 } }),
    { checkpoint: work.checkpoint, signal: abort.signal },
  )
  t.equal(await failureOf(outcome), 'no')
  t.strictSame(receiver.arrivals, [])
  t.equal((work.saved.state.sinks.sink as { held: string[] }).held.length, seen)
})

t.test('checkpoint: another URL query of toHttp is another run; the error shows only digests', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t)
  const begin = (query: string, onMoment?: (moment: Moment) => void) =>
    runWithCheckpoint(work, {
      source: leads(portalClient(t, portal), { max: 20 }),
      waits: true,
      sink: toHttp(`${receiver.origin}/leads${query}`),
      every: 10,
      checkpoint: { whenFinished: 'stop' },
      onMoment,
    })
  const { records } = await begin('?table=a', work.keep)
  const digest = 'a value with digest [0-9a-f]{12}…'
  for (const goBack of [() => {}, () => work.goBack(work.snapshots[3] as never)]) {
    goBack()
    const { everything } = work
    t.notMatch(work.contents('checkpoint.json'), 'table=')
    const from = receiver.arrivals.length
    for (const [query, now] of [
      ['?table=b', digest],
      ['', 'absent'],
    ] as const) {
      t.match(await failureOf(begin(query)), {
        code: 'CHECKPOINT',
        message: new RegExp(`of another run: sink\\.urlQuery was ${digest} and is ${now} now; delete it`),
      })
    }
    t.equal(receiver.arrivals.length, from)
    t.strictSame(work.everything, everything)
    t.match(await begin('?table=a'), { records })
  }
})

t.test('checkpoint: toHttp with batch.milliseconds is an OPTION error before the first request', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t)
  const { requestCount } = portal
  const outcome = run(
    leads(portalClient(t, portal)),
    toHttp(receiver.origin, { batch: { milliseconds: 50 } }),
    { checkpoint: work.checkpoint },
  )
  t.match(await failureOf(outcome), { code: 'OPTION', message: /batch\.milliseconds/ })
  t.equal(portal.requestCount, requestCount)
})
