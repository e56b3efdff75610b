import { rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead, Report } from '../../lib/index.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { branch } from '../../lib/sinks/branch.ts'
import { tee } from '../../lib/sinks/tee.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import type { Quarantined } from '../../lib/stage/Quarantined.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const count = 60

/** Every third is an invalid lead, every seventh is not a lead. */
const elements = Array.from({ length: count }, (_, n) =>
  n % 7 === 3 ? `element ${n}` : { guid: `lead-${n}`, n, ...(n % 3 === 1 ? { score: 'high' } : {}) },
)

const onInvalid = 'quarantine' as const
const names = ['a.ndjson', 'b.ndjson.gz', 'qa.ndjson', 'qb.ndjson']

/** Counts the records of a branch, to be compared after restarts. */
const seen = (onLead: (guid: string) => void = () => {}) =>
  map((lead: Lead) => {
    onLead(String(lead.guid))
    return lead
  })

interface Given {
  onMoment?: (moment: Moment) => void
  /** Called for each lead of the second branch. */
  onLead?: (guid: string) => void
  signal?: AbortSignal
  checkpoint?: Partial<CheckpointOptions>
  limit?: number
  /** Whether leads wait while a checkpoint is saved. Default: true. */
  waits?: boolean
  onError?: 'fail' | 'drop'
}

const { server, origin } = await serveLeads(t, elements)
// Otherwise tap waits for it at the end of the file.
server.unref()

/** Two branches, each with a quarantine and a file; the second takes only some leads. */
function exportBoth(t: Test, work: Workplace, given: Given = {}): Promise<Report> {
  const { onMoment, onLead, signal, checkpoint, onError = 'fail', limit = 1_000, waits = true } = given
  return runWithCheckpoint(work, {
    source: leadsByOffset(openClient(t, origin), { max: 25 }),
    sink: tee(
      branch(validate({ onInvalid, quarantine: work.file('qa.ndjson') }), toFile(work.file('a.ndjson'))),
      branch(
        validate({ onInvalid, quarantine: work.file('qb.ndjson') }),
        seen(onLead),
        take<Lead>(limit),
        toFile(work.file('b.ndjson.gz')),
        { onError },
      ),
    ),
    waits,
    every: 7,
    checkpoint: { version: '1', ...checkpoint },
    onMoment,
    signal,
  })
}

/** What the files contain, without the times of the quarantined elements. */
const outcomeOf = (work: Workplace) => ({
  files: ['a.ndjson', 'b.ndjson.gz'].map(name => work.contents(name)),
  rejected: ['qa.ndjson', 'qb.ndjson'].map(name =>
    work.lines<Quarantined>(name).map(({ raw, code }) => `${code} ${raw}`),
  ),
})

/** The counts of a report that are the same however often its run was resumed, those of each output included. */
const allCountsOf = (report: Report) => ({
  ...countsOf(report),
  outputs: report.outputs?.map(({ operators, received, acknowledged, dropped }) => ({
    operators,
    received,
    acknowledged,
    dropped,
  })),
})

t.test('checkpoint: resumed from any save, all files and quarantines of a tee are the same', async t => {
  const work = new Workplace(t)
  const undisturbed = await exportBoth(t, work, { onMoment: work.keep })
  const expected = outcomeOf(work)
  t.equal(expected.rejected[0]?.length, undisturbed.quarantined / 2)
  t.ok(work.snapshots.length > 8)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    const report = await exportBoth(t, work)
    t.strictSame(outcomeOf(work), expected, snapshot.moment)
    t.strictSame(allCountsOf(report), allCountsOf(undisturbed))
    t.strictSame(work.names, ['a.ndjson', 'b.ndjson.gz', 'checkpoint.json', 'qa.ndjson', 'qb.ndjson'])
  }
})

t.test('checkpoint: after aborts and failures of one branch, all outputs of a tee continue', async t => {
  const work = new Workplace(t)
  const undisturbed = await exportBoth(t, work)
  const expected = outcomeOf(work)
  work.clear()
  for (const after of [3, 8, 1]) {
    const abort = new AbortController()
    let seen = 0
    const onLead = () => {
      seen += 1
      if (seen === after) abort.abort('enough')
    }
    t.equal(await failureOf(exportBoth(t, work, { onLead, signal: abort.signal })), 'enough')
  }
  const failing = exportBoth(t, work, {
    onLead(guid) {
      if (guid === 'lead-39') throw new Error('no more')
    },
  })
  t.match(await failureOf(failing), { code: 'OPERATOR', message: 'map, lead lead-39: no more' })
  t.strictSame(
    work.names.filter(name => names.includes(name)),
    [],
  )
  t.equal(work.saved.state.chain.records, work.saved.state.chain.branches?.[0]?.records)
  t.strictSame(allCountsOf(await exportBoth(t, work)), allCountsOf(undisturbed))
  t.strictSame(outcomeOf(work), expected)
})

t.test('checkpoint: a branch that is done stays done when the run resumes', async t => {
  const work = new Workplace(t)
  const undisturbed = await exportBoth(t, work, { limit: 5, onMoment: work.keep })
  const expected = outcomeOf(work)
  t.match(undisturbed.outputs, [{}, { received: 5 }])
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    t.strictSame(allCountsOf(await exportBoth(t, work, { limit: 5 })), allCountsOf(undisturbed))
    t.strictSame(outcomeOf(work), expected, snapshot.moment)
  }
})

/** Fails the second branch at its lead 30. */
const failing: Given = {
  onError: 'drop',
  onLead(guid) {
    if (guid === 'lead-30') throw new Error('boom')
  },
}

t.test('checkpoint: resumed from any save, a branch that was dropped stays dropped', async t => {
  const work = new Workplace(t)
  const undisturbed = await exportBoth(t, work, { ...failing, onMoment: work.keep })
  const dropped = 'map, lead lead-30: boom'
  t.match(undisturbed.outputs, [{ received: 34 }, { dropped }])
  t.strictSame(work.names, ['a.ndjson', 'checkpoint.json', 'qa.ndjson', 'qb.ndjson'])
  const expected = work.contents('a.ndjson')
  const isDropped = () => work.saved.state.chain.branches?.[1]?.dropped !== undefined
  let resumed = 0
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    // Without a failure, the second branch is complete only if it was not dropped before.
    const wasDropped = isDropped()
    if (wasDropped) resumed += 1
    const report = await exportBoth(t, work, { onError: 'drop' })
    t.equal(work.contents('a.ndjson'), expected)
    t.match(report.outputs?.[1], wasDropped ? { dropped } : { received: 34 }, snapshot.moment)
    t.equal(work.has('b.ndjson.gz'), !wasDropped)
    t.equal(report.records, wasDropped ? 34 : 68)
  }
  t.ok(resumed >= 3 && resumed < work.snapshots.length)
})

t.test(
  'checkpoint: a branch whose file is lost during the run is dropped, and the next save works',
  async t => {
    const work = new Workplace(t)
    const report = await exportBoth(t, work, {
      onError: 'drop',
      // No lead may wait for the save that fails.
      waits: false,
      onLead(guid) {
        if (guid === 'lead-20') rmSync(work.file(work.partial('b.ndjson.gz')))
      },
    })
    t.match(report.outputs, [{ received: 34 }, { dropped: /b\.ndjson\.gz.* is gone/ }])
    t.strictSame(work.names, ['a.ndjson', 'checkpoint.json', 'qa.ndjson', 'qb.ndjson'])
  },
)

t.test(
  "checkpoint: a branch whose operator can't save its state is dropped, and never asked again",
  async t => {
    const work = new Workplace(t)
    let asked = 0
    const unsavable = () =>
      operator<Lead, Lead>({
        name: 'unsavable',
        create: () => ({
          step: (lead, emit) => emit(lead),
          save() {
            asked += 1
            return asked < 3 ? asked : new Map()
          },
          restore: () => t.fail('the branch was dropped'),
        }),
      })
    const start = (onMoment: (moment: Moment) => void) =>
      runWithCheckpoint(work, {
        source: leadsByOffset(openClient(t, origin), { max: 25 }),
        operators: validate({ onInvalid: 'skip' }),
        sink: tee(
          toFile(work.file('a.ndjson')),
          branch(
            filter(() => true),
            tee(branch(unsavable(), toFile(work.file('b.ndjson')))),
            { onError: 'drop' },
          ),
        ),
        every: 7,
        checkpoint: { version: '1' },
        onMoment,
      })
    const dropped = /unsavable: what save\(\) returns must be plain JSON/
    t.match(await start(work.keep), { records: 34, outputs: [{}, { dropped }] })
    t.equal(asked, 3)
    t.strictSame(work.names, ['a.ndjson', 'checkpoint.json'])
    let resumed = 0
    for (const snapshot of work.snapshots) {
      work.goBack(snapshot)
      if (work.saved.state.chain.branches?.[1]?.dropped === undefined) continue
      resumed += 1
      t.match(await start(() => {}), { records: 34, outputs: [{}, { dropped }] })
    }
    t.ok(resumed > 1)
    t.equal(asked, 3)
  },
)

t.test('checkpoint: the description of the run contains its branches', async t => {
  const work = new Workplace(t)
  const failed = await failureOf(exportBoth(t, work, { ...failing, onError: 'fail' }))
  t.match(failed, { code: 'OPERATOR' })
  t.match(await failureOf(exportBoth(t, work, { onError: 'drop' })), {
    code: 'CHECKPOINT',
    message: /sink\.branches\.1\.onError was 'fail' and is 'drop' now/,
  })
  t.match(await failureOf(exportBoth(t, work, { limit: 3 })), {
    code: 'CHECKPOINT',
    message: /sink\.branches\.1\.operators\.2\.options\.\S+ was 1000 and is 3 now/,
  })
})

t.test('checkpoint: whenFinished stop looks for every output of a tee', async t => {
  const work = new Workplace(t)
  await exportBoth(t, work)
  const checkpoint = { whenFinished: 'stop' } as const
  const again = await exportBoth(t, work, { checkpoint })
  t.match(again, { checkpoint: { found: 'finished' }, outputs: [{ received: 34 }, { received: 34 }] })
  rmSync(work.file('b.ndjson.gz'))
  t.match(await failureOf(exportBoth(t, work, { checkpoint })), {
    code: 'CHECKPOINT',
    message: /its run has finished, and .*b\.ndjson\.gz/,
  })
})

t.test('checkpoint: an output of a tee that cannot be resumed is refused', async t => {
  const work = new Workplace(t)
  const source = leadsByOffset(openClient(t, origin))
  const sink = tee(toFile(work.file('a.ndjson')), branch(take<Lead>(3), toArray<Lead>({ max: 9 })))
  t.match(await failureOf(runWithCheckpoint(work, { source, sink })), {
    code: 'OPTION',
    message:
      'run(): sink: expected toFile(), toHttp() or sink(), which can be resumed, with checkpoint, received a stream (ArraySink)',
  })
  t.strictSame(work.names, [])
})

t.test('checkpoint: aborted at any lead, an HTTP branch sends the same batches beside a file', async t => {
  const work = new Workplace(t)
  const receiver = await receive(t)
  const start = (signal?: AbortSignal, onLead = () => {}) =>
    runWithCheckpoint(work, {
      source: leadsByOffset(openClient(t, origin), { max: 25 }),
      operators: validate({ onInvalid: 'skip' }),
      sink: tee(
        toFile(work.file('a.ndjson')),
        branch(
          seen(onLead),
          filter(lead => lead.guid !== 'lead-6'),
          toHttp(receiver.origin, { batch: { records: 4 } }),
        ),
      ),
      every: 7,
      checkpoint: { version: '1' },
      signal,
    })
  await start()
  const whole = new Map(receiver.arrivals.map(({ text }) => [text, 0]))
  const file = work.contents('a.ndjson')
  work.clear()
  receiver.arrivals.length = 0
  for (const after of [1, 4, 9]) {
    const abort = new AbortController()
    let n = 0
    const onLead = () => {
      n += 1
      if (n === after) abort.abort('enough')
    }
    t.equal(await failureOf(start(abort.signal, onLead)), 'enough')
  }
  t.match(await start(), { records: 67, checkpoint: { starts: 4 } })
  t.equal(work.contents('a.ndjson'), file)
  const byKey = new Map(receiver.arrivals.map(({ key, text }) => [key, text]))
  t.strictSame([...byKey.values()].sort(), [...whole.keys()].sort())
})

t.test('run: elements that are not leads go to the validate of each branch, or end the source', async t => {
  const source = () => leadsByOffset(openClient(t, origin), { max: 25 })
  const all = () => toArray<unknown>({ max: 99 })
  const checking = () => validate({ onInvalid: 'skip' })
  const rejected = elements.filter(element => typeof element === 'string').length
  const both = await run(source(), tee<unknown>(branch(checking(), all()), branch(checking(), all())))
  t.match(both, { source: { rejected }, records: 68, skipped: 2 * (count - 34) })
  const before = await run(source(), checking(), tee<unknown>(all(), branch(checking(), all())))
  t.match(before, { source: { rejected }, records: 68, skipped: count - 34 })
  const oneWithout = run(source(), tee<unknown>(branch(checking(), all()), all()))
  t.match(await failureOf(oneWithout), { code: 'DECODE' })
})
