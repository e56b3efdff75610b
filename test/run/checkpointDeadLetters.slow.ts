import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { DeadLetter, Lead } from '../../lib/index.ts'
import { map } from '../../lib/operators/map.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { type Behaviour, type Receiving, receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const count = 60
const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + n })),
})
t.teardown(() => portal.close())

/** Refuses each batch that contains a seventh lead. */
const refuseSevenths: Behaviour = ({ records }, response) => {
  const refused = (records as Lead[]).some(({ guid }) => Number(String(guid).split('-')[1]) % 7 === 0)
  response.writeHead(refused ? 422 : 204).end()
}

interface Given {
  onMoment?: (moment: Moment) => void
  /** Called for each lead. */
  onLead?: (guid: string) => void
  signal?: AbortSignal
  waits?: boolean
  /** A receiver of the dead letters; those that it refuses go to the file. Default: all go to the file. */
  second?: Receiving
}

/** Delivers the portal's leads to a receiver, with a file of dead letters. */
function deliver(
  t: Test,
  work: Workplace,
  name: string,
  { origin }: Receiving,
  { onMoment, onLead = () => {}, signal, waits = false, second }: Given = {},
) {
  const toLetters = toFile(work.file(name))
  const onRefused = 'dead-letter'
  const deadLetter =
    second === undefined
      ? toLetters
      : toHttp(second.origin, { batch: { records: 4 }, onRefused, deadLetter: toLetters })
  const sink = toHttp(origin, { batch: { records: 3 }, onRefused, deadLetter })
  return runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 20 }),
    waits,
    operators: map(({ guid }: Lead) => {
      onLead(String(guid))
      return { guid }
    }),
    sink,
    every: 10,
    signal,
    onMoment,
  })
}

/** The guids of the dead letters, sorted: several batches are in flight, so their order in the file varies. */
const refusedIn = (work: Workplace, name: string) => {
  const letters: DeadLetter<Lead>[] = name.endsWith('.json')
    ? JSON.parse(work.contents(name))
    : work.lines<DeadLetter<Lead>>(name)
  return letters.map(({ record }) => String(record.guid)).toSorted()
}

for (const name of ['refused.ndjson', 'refused.json', 'refused.ndjson.gz']) {
  for (const waits of [true, false]) {
    const when = waits ? 'saved between leads' : 'saved while leads arrive'
    t.test(`checkpoint: ${when}, a resumed run loses or repeats no dead letter in ${name}`, async t => {
      const work = new Workplace(t)
      const receiver = await receive(t, refuseSevenths)
      const undisturbed = await deliver(t, work, name, receiver, { onMoment: work.keep, waits })
      const { refused = 0 } = undisturbed.sink as { refused?: number }
      const expected = refusedIn(work, name)
      t.equal(expected.length, refused)
      t.equal(new Set(expected).size, refused)
      t.ok(refused > 20 && refused < count, `${refused} records were refused`)
      t.ok(work.snapshots.length > (waits ? 6 : 2), `${work.snapshots.length} snapshots`)
      for (const snapshot of work.snapshots) {
        work.goBack(snapshot)
        const { length } = receiver.arrivals
        const report = await deliver(t, work, name, receiver)
        t.strictSame(refusedIn(work, name), expected, snapshot.moment)
        t.strictSame(countsOf(report), countsOf(undisturbed), snapshot.moment)
        t.strictSame(work.names, ['checkpoint.json', name])
        if (snapshot.moment !== 'saved') t.equal(receiver.arrivals.length, length, 'no batch is sent')
      }
    })
  }
}

t.test('checkpoint: after an abort, the next run continues the file of dead letters', async t => {
  const work = new Workplace(t)
  const name = 'refused.ndjson'
  const receiver = await receive(t, refuseSevenths)
  const undisturbed = await deliver(t, work, name, receiver)
  const expected = refusedIn(work, name)
  work.clear()
  for (const after of [5, 20, 1, 13]) {
    const abort = new AbortController()
    let seen = 0
    const onLead = () => {
      seen += 1
      if (seen === after) abort.abort('enough')
    }
    t.equal(await failureOf(deliver(t, work, name, receiver, { onLead, signal: abort.signal })), 'enough')
    t.strictSame(work.names, ['checkpoint.json', work.partial(name)])
  }
  const report = await deliver(t, work, name, receiver)
  t.strictSame({ ...countsOf(report), sink: undefined }, { ...countsOf(undisturbed), sink: undefined })
  t.strictSame(refusedIn(work, name), expected)
})

t.test('checkpoint: a resumed run loses or repeats no dead letter of a dead-letter receiver', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, refuseSevenths)
  let batches = 0
  const second = await receive(t, (_arrival, response) => {
    batches += 1
    response.writeHead(batches === 2 ? 422 : 204).end()
  })
  const name = 'refused.ndjson'
  /** The state of the dead-letter receiver in the checkpoint. */
  const state = () =>
    work.saved.state.sinks['sink/deadLetter'] as {
      held: unknown[]
      counts: { received: number; refused: number }
    }
  const undisturbed = await deliver(t, work, name, receiver, { onMoment: work.keep, waits: true, second })
  const { refused = 0 } = undisturbed.sink as { refused?: number }
  t.equal(work.lines(name).length, 4)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    // The second receiver refuses nothing from here on, so the file keeps what it had.
    const { counts } = state()
    const before = second.arrivals.length
    await deliver(t, work, name, receiver, { second })
    const letters = second.arrivals.slice(before).flatMap(({ records }) => records as DeadLetter<Lead>[])
    t.equal(new Set(letters.map(({ record }) => record.guid)).size, letters.length)
    t.equal(work.lines(name).length, counts.refused, snapshot.moment)
    t.match(state(), { held: [], counts: { received: refused, refused: counts.refused } })
  }
})

t.test('checkpoint: a run resumed after its last rename does not touch the dead-letter file', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, refuseSevenths)
  await deliver(t, work, 'refused.ndjson', receiver, { onMoment: work.keep })
  work.goBack(work.snapshots.find(({ moment }) => moment === 'ended') as never)
  const { ino } = statSync(work.file('refused.ndjson'))
  await deliver(t, work, 'refused.ndjson', receiver)
  t.equal(statSync(work.file('refused.ndjson')).ino, ino)
})

/** Changes the sink states in the checkpoint file and corrects its digest. */
function changeSinkStates(work: Workplace, how: (sinks: Record<string, unknown>) => void): void {
  const [head = '', body = ''] = readFileSync(work.checkpoint, 'utf8').split('\n')
  const checkpoint = JSON.parse(body)
  how(checkpoint.state.sinks)
  const changed = JSON.stringify(checkpoint)
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  writeFileSync(work.checkpoint, `${head.replace(digest(body), digest(changed))}\n${changed}\n`)
}

t.test('checkpoint: a dead-letter state that cannot be read is a CHECKPOINT error', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t, refuseSevenths)
  await deliver(t, work, 'refused.ndjson', receiver, { onMoment: work.keep, waits: true })
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
    changeSinkStates(work, how)
    const { everything } = work
    t.match(await failureOf(deliver(t, work, 'refused.ndjson', receiver)), { code: 'CHECKPOINT', message })
    t.strictSame(work.everything, everything)
  }
})
