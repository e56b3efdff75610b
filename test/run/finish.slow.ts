import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead } from '../../lib/index.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { checkpointTemporary } from '../support/checkpointTemporary.ts'
import { failureOf } from '../support/failureOf.ts'
import { jsonCopy } from '../support/jsonCopy.ts'
import { portalClient } from '../support/portalClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { type Snapshot, Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const count = 60
const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({
    guid: `lead-${n}`,
    insertedAt: 1_000_000 + n,
    ...(n % 3 === 1 ? { score: 'high' } : {}),
  })),
})
t.teardown(() => portal.close())
const rejected = 'rejected.ndjson.gz'
const stop = { whenFinished: 'stop' } as const

/** Exports the portal's leads to a file and a quarantine. */
const exportTo = (
  t: Test,
  work: Workplace,
  name: string,
  onMoment?: (moment: Moment) => void,
  checkpoint?: Partial<CheckpointOptions>,
) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 10 }),
    operators: validate({ onInvalid: 'quarantine', quarantine: toFile(work.file(rejected)) }),
    sink: toFile(work.file(name)),
    every: 20,
    checkpoint,
    onMoment,
  })

for (const name of ['out.ndjson', 'out.json', 'out.ndjson.gz', 'out.json.gz']) {
  t.test(`checkpoint: ${name}: a run killed after prepare only renames its files when resumed`, async t => {
    const work = new Workplace(t)
    const undisturbed = await exportTo(t, work, name, work.keep)
    const [contents, quarantine] = [work.contents(name), work.contents(rejected)]
    const bytes = readFileSync(work.file(name))
    const at = (moment: Moment) => work.snapshots.find(snapshot => snapshot.moment === moment) as Snapshot
    const rename = (file: string) => work.rename(work.partial(file), file)
    const killed: Record<string, () => void> = {
      'before its first rename': () => work.goBack(at('complete')),
      'between its renames'() {
        work.goBack(at('complete'))
        rename(name)
      },
      'between its renames, the side output first'() {
        work.goBack(at('complete'))
        rename(rejected)
      },
      'before its last save': () => work.goBack(at('ended')),
    }
    for (const [when, goBack] of Object.entries(killed)) {
      goBack()
      t.equal(work.saved.phase, 'prepared', when)
      const { requestCount } = portal
      const report = await exportTo(t, work, name)
      t.equal(portal.requestCount, requestCount)
      t.equal(work.contents(name), contents)
      t.ok(readFileSync(work.file(name)).equals(bytes))
      t.equal(work.contents(rejected), quarantine)
      t.strictSame(work.names, ['checkpoint.json', name, rejected])
      t.equal(work.saved.phase, 'committed')
      const { checkpoint, ...numbers } = report
      t.match(checkpoint, { path: work.checkpoint, starts: 2 })
      const { checkpoint: _, duration: __, ...expected } = undisturbed
      t.match(numbers, expected)
    }
  })
}

t.test('checkpoint: a run ended by take(), killed after prepare, only renames its file', async t => {
  const work = new Workplace(t)
  const begin = (onMoment?: (moment: Moment) => void) =>
    runWithCheckpoint(work, {
      source: leads(portalClient(t, portal), { max: 10 }),
      operators: take<Lead>(25),
      sink: toFile(work.file('out.json')),
      every: 10,
      onMoment,
    })
  const { checkpoint: _, duration: __, ...undisturbed } = jsonCopy(await begin(work.keep))
  const contents = work.contents('out.json')
  for (const snapshot of work.snapshots.filter(({ moment }) => moment !== 'saved')) {
    work.goBack(snapshot)
    const { requestCount } = portal
    t.match(await begin(), undisturbed)
    t.equal(portal.requestCount, requestCount)
    t.equal(work.contents('out.json'), contents)
  }
})

t.test('checkpoint: a run resumed after prepare reports the counts of the whole run', async t => {
  const work = new Workplace(t)
  await exportTo(t, work, 'out.json', work.keep)
  work.goBack(work.snapshots.find(({ moment }) => moment === 'complete') as Snapshot)
  t.match(await exportTo(t, work, 'out.json'), {
    read: count,
    records: count - 20,
    quarantined: 20,
    window: { timePivot: 'insertedAt' },
    source: { delivered: count },
    operators: [{ name: 'validate', in: count }],
    sink: { received: count - 20, acknowledged: count - 20 },
  })
})

t.test('checkpoint: a prepared output that was removed or changed is a CHECKPOINT error', async t => {
  const work = new Workplace(t)
  await exportTo(t, work, 'out.json', work.keep)
  const complete = work.snapshots.find(({ moment }) => moment === 'complete') as Snapshot
  for (const spoil of [
    rmSync,
    (partial: string) => writeFileSync(partial, '[]\n'),
    (partial: string) => appendFileSync(partial, '\n'),
    (partial: string) => writeFileSync(partial, readFileSync(partial, 'utf8').replace('lead-', 'LEAD-')),
  ]) {
    work.goBack(complete)
    spoil(work.file(work.partial('out.json')))
    const before = work.everything
    t.match(await failureOf(exportTo(t, work, 'out.json')), { code: 'CHECKPOINT' })
    t.strictSame(work.everything, before)
  }
})

t.test("checkpoint: whenFinished 'stop' returns the first report, without request or write", async t => {
  const work = new Workplace(t)
  const first = jsonCopy(await exportTo(t, work, 'out.json'))
  const report = { ...first, checkpoint: { ...first.checkpoint, found: 'finished' } }
  const longAgo = new Date(0)
  for (const name of work.names) utimesSync(work.file(name), longAgo, longAgo)
  const { requestCount } = portal
  const before = work.everything
  for (let again = 0; again < 2; again += 1) {
    t.strictSame(await exportTo(t, work, 'out.json', undefined, stop), report)
  }
  t.equal(portal.requestCount, requestCount)
  t.strictSame(work.everything, before)
})

t.test(
  'a finished run whose file does not exist any more is refused: there is no export to tell of',
  async t => {
    for (const [to, name] of [
      ['out.json', /out\.json/],
      ['out-{time}.json', /out-\d{4}-\d\d-\d\dT[^{}]+Z\.json/],
    ] as const) {
      const work = new Workplace(t)
      const { records } = await exportTo(t, work, to)
      for (const file of work.names.filter(file => file.startsWith('out'))) rmSync(work.file(file))
      const { everything } = work
      const { requestCount } = portal
      t.match(await failureOf(exportTo(t, work, to, undefined, stop)), {
        code: 'CHECKPOINT',
        message: new RegExp(
          `^checkpoint .*checkpoint\\.json: its run has finished, and .*/${name.source} does not exist any more; set checkpoint\\.whenFinished to 'restart' to export again$`,
        ),
        context: { path: work.checkpoint },
      })
      t.equal(portal.requestCount, requestCount)
      t.strictSame(work.everything, everything)
      t.match(await exportTo(t, work, to, undefined, { whenFinished: 'restart' }), { records })
      t.match(await exportTo(t, work, to, undefined, stop), { records })
    }
  },
)

t.test("checkpoint: whenFinished 'stop' succeeds if only the quarantine was removed", async t => {
  const work = new Workplace(t)
  const { records } = await exportTo(t, work, 'out.json')
  rmSync(work.file(rejected))
  t.match(await exportTo(t, work, 'out.json', undefined, stop), { records })
})

t.test("checkpoint: whenFinished 'restart' repeats a finished run, resumes an unfinished one", async t => {
  const work = new Workplace(t)
  await exportTo(t, work, 'out.json', work.keep, { whenFinished: 'restart' })
  const contents = work.contents('out.json')
  work.goBack(work.snapshots.findLast(({ moment }) => moment === 'saved') as Snapshot)
  const continued = await exportTo(t, work, 'out.json', undefined, { whenFinished: 'restart' })
  t.equal(continued.checkpoint?.starts, 2)
  const { requestCount } = portal
  const again = await exportTo(t, work, 'out.json', undefined, { whenFinished: 'restart' })
  t.match(again, { read: count, checkpoint: { starts: 1 } })
  t.ok(portal.requestCount > requestCount)
  t.equal(work.contents('out.json'), contents)
})

t.test('checkpoint: an existing output file is replaced only when the run commits', async t => {
  const work = new Workplace(t)
  writeFileSync(work.file('out.json'), 'older')
  const seen: string[] = []
  await exportTo(t, work, 'out.json', moment => {
    seen.push(`${moment}: ${work.contents('out.json').slice(0, 5)}`)
  })
  t.ok(seen.slice(0, -1).every(text => text.endsWith('older')))
  t.match(seen.at(-1), /^ended: \[/)
})

t.test('checkpoint: temporary files of a run killed before its first save are replaced', async t => {
  const work = new Workplace(t)
  let partials: string[] = []
  await exportTo(t, work, 'out.json', moment => {
    if (moment === 'saved') partials = [work.partial('out.json'), work.partial(rejected)]
  })
  const contents = work.contents('out.json')
  work.clear()
  const temporary = await checkpointTemporary(work.checkpoint)
  for (const path of [...partials.map(name => work.file(name)), temporary]) {
    writeFileSync(path, 'left over, and longer than the new output'.repeat(2_000))
  }
  t.match(await exportTo(t, work, 'out.json'), { read: count, checkpoint: { starts: 1 } })
  t.equal(work.contents('out.json'), contents)
  t.strictSame(work.names, ['checkpoint.json', 'out.json', rejected])
})
