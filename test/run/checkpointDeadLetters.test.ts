import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { DeadLetter, Lead } from '../../lib/index.ts'
import { map } from '../../lib/operators/map.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { type Behaviour, type Receiving, receive } from '../support/receive.ts'
import { Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const count = 60
const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + n })),
})
t.teardown(() => portal.close())

/** Refuses the batch of three of every seventh lead. */
const bySevens: Behaviour = ({ records }, response) => {
  const refused = (records as Lead[]).some(({ guid }) => Number(String(guid).split('-')[1]) % 7 === 0)
  response.writeHead(refused ? 422 : 204).end()
}

interface Start {
  look?: (moment: Moment) => void
  see?: (guid: string) => void
  signal?: AbortSignal
  waits?: boolean
  /** Where dead letters go; those that it refuses go to the file. */
  second?: Receiving
}

function start(
  t: Test,
  work: Workplace,
  name: string,
  { origin }: Receiving,
  { look = () => {}, see = () => {}, signal, waits = false, second }: Start = {},
) {
  const toLetters = toFile(work.file(name))
  const onRefused = 'dead-letter'
  const deadLetter =
    second === undefined
      ? toLetters
      : toHttp(second.origin, { batch: { records: 4 }, onRefused, deadLetter: toLetters })
  const sink = toHttp(origin, { batch: { records: 3 }, onRefused, deadLetter })
  return run(
    leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 20 }),
    paced<Lead>(waits),
    map(({ guid }) => {
      see(String(guid))
      return { guid }
    }),
    watchSaves(sink, look),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 } }, signal },
  )
}

/** The guids of the dead letters; several batches are under way, so their order is not that of the list. */
const refusedIn = (work: Workplace, name: string) => {
  const letters: DeadLetter<Lead>[] = name.endsWith('.json')
    ? JSON.parse(work.contents(name))
    : work.lines<DeadLetter<Lead>>(name)
  return letters.map(({ record }) => String(record.guid)).toSorted()
}

for (const name of ['refused.ndjson', 'refused.json', 'refused.ndjson.gz']) {
  for (const waits of [true, false]) {
    const when = waits ? 'saved while no lead comes' : 'saved while leads come'
    t.test(`${when}: from each checkpoint, no dead letter in ${name} is lost or comes twice`, async t => {
      const work = new Workplace(t)
      const receiver = await receive(t, bySevens)
      const undisturbed = await start(t, work, name, receiver, { look: work.keep, waits })
      const { refused = 0 } = undisturbed.sink as { refused?: number }
      const expected = refusedIn(work, name)
      t.equal(expected.length, refused)
      t.equal(new Set(expected).size, refused)
      t.ok(refused > 20 && refused < count, `${refused} are refused`)
      t.ok(work.snapshots.length > (waits ? 6 : 2), `${work.snapshots.length} moments`)
      for (const snapshot of work.snapshots) {
        work.goBack(snapshot)
        const { length } = receiver.arrivals
        const report = await start(t, work, name, receiver)
        t.strictSame(refusedIn(work, name), expected, snapshot.moment)
        t.strictSame(countsOf(report), countsOf(undisturbed), snapshot.moment)
        t.strictSame(work.names, ['checkpoint.json', name])
        if (snapshot.moment !== 'saved') t.equal(receiver.arrivals.length, length, 'nothing is sent')
      }
    })
  }
}

t.test('an abort leaves the dead letters where the next run goes on with them', async t => {
  const work = new Workplace(t)
  const name = 'refused.ndjson'
  const receiver = await receive(t, bySevens)
  const undisturbed = await start(t, work, name, receiver)
  const expected = refusedIn(work, name)
  work.clear()
  for (const after of [5, 20, 1, 13]) {
    const abort = new AbortController()
    let seen = 0
    const see = () => {
      seen += 1
      if (seen === after) abort.abort('enough')
    }
    t.equal(await failureOf(start(t, work, name, receiver, { see, signal: abort.signal })), 'enough')
    t.strictSame(work.names, ['checkpoint.json', work.partial(name)])
  }
  const report = await start(t, work, name, receiver)
  t.strictSame({ ...countsOf(report), sink: undefined }, { ...countsOf(undisturbed), sink: undefined })
  t.strictSame(refusedIn(work, name), expected)
})

t.test('dead letters of dead letters: from each checkpoint, none is lost, and none comes twice', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, bySevens)
  let batches = 0
  const second = await receive(t, (_arrival, response) => {
    batches += 1
    response.writeHead(batches === 2 ? 422 : 204).end()
  })
  const name = 'refused.ndjson'
  /** What the checkpoint says of the receiver of the dead letters. */
  const state = () =>
    work.saved.state.sinks['sink/deadLetter'] as {
      held: unknown[]
      counts: { received: number; refused: number }
    }
  const undisturbed = await start(t, work, name, receiver, { look: work.keep, waits: true, second })
  const { refused = 0 } = undisturbed.sink as { refused?: number }
  t.equal(work.lines(name).length, 4)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    // Nothing is refused from here on: the file keeps what it had.
    const { counts } = state()
    const before = second.arrivals.length
    await start(t, work, name, receiver, { second })
    const letters = second.arrivals.slice(before).flatMap(({ records }) => records as DeadLetter<Lead>[])
    t.equal(new Set(letters.map(({ record }) => record.guid)).size, letters.length)
    t.equal(work.lines(name).length, counts.refused, snapshot.moment)
    t.match(state(), { held: [], counts: { received: refused, refused: counts.refused } })
  }
})

t.test('a run that had finished, but not been told so, leaves the dead letters as they are', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, bySevens)
  await start(t, work, 'refused.ndjson', receiver, { look: work.keep })
  work.goBack(work.snapshots.find(({ moment }) => moment === 'ended') as never)
  const { ino } = statSync(work.file('refused.ndjson'))
  await start(t, work, 'refused.ndjson', receiver)
  t.equal(statSync(work.file('refused.ndjson')).ino, ino)
})

/** Changes what the checkpoint says of the states, so that it still looks whole. */
function change(work: Workplace, how: (sinks: Record<string, unknown>) => void): void {
  const [head = '', body = ''] = readFileSync(work.checkpoint, 'utf8').split('\n')
  const checkpoint = JSON.parse(body)
  how(checkpoint.state.sinks)
  const changed = JSON.stringify(checkpoint)
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  writeFileSync(work.checkpoint, `${head.replace(digest(body), digest(changed))}\n${changed}\n`)
}

t.test('a checkpoint whose dead letters are not what it says is refused: CHECKPOINT', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, bySevens)
  await start(t, work, 'refused.ndjson', receiver, { look: work.keep, waits: true })
  for (const [how, message] of [
    [
      (sinks: Record<string, unknown>) => {
        sinks['sink/deadLetter'] = { path: 'refused.ndjson' }
      },
      /refused\.ndjson: the checkpoint holds no valid state of this file; delete the checkpoint to start again$/,
    ],
    [
      (sinks: Record<string, unknown>) => {
        delete sinks['sink/deadLetter']
      },
      /^checkpoint .*: it holds no state of sink\/deadLetter$/,
    ],
  ] as const) {
    work.goBack(work.snapshots[3] as never)
    change(work, how)
    const { everything } = work
    t.match(await failureOf(start(t, work, 'refused.ndjson', receiver)), { code: 'CHECKPOINT', message })
    t.strictSame(work.everything, everything)
  }
})
