import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { CheckpointOptions } from '../../lib/index.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { reread } from '../support/reread.ts'
import { type Snapshot, Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

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

function start(
  t: Test,
  work: Workplace,
  name: string,
  look = (_: Moment) => {},
  checkpoint: Partial<CheckpointOptions> = {},
) {
  return run(
    leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 10 }),
    validate({ onInvalid: 'quarantine', quarantine: toFile(work.file(rejected)) }),
    watchSaves(toFile(work.file(name)), look),
    { checkpoint: { path: work.checkpoint, every: { leads: 20 }, ...checkpoint } },
  )
}

for (const name of ['out.ndjson', 'out.json', 'out.ndjson.gz', 'out.json.gz']) {
  t.test(`${name}: a run that was killed at its very end only puts files in their places`, async t => {
    const work = new Workplace(t)
    const undisturbed = await start(t, work, name, work.keep)
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
      'before its last word': () => work.goBack(at('ended')),
    }
    for (const [when, goBack] of Object.entries(killed)) {
      goBack()
      t.equal(work.saved.phase, 'prepared', when)
      const { requestCount } = portal
      const report = await start(t, work, name)
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

t.test('so does one that an operator had ended, whose source was not read to its end', async t => {
  const work = new Workplace(t)
  const begin = (look = (_: Moment) => {}) =>
    run(
      leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 10 }),
      take(25),
      watchSaves(toFile(work.file('out.json')), look),
      { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
    )
  const { checkpoint: _, duration: __, ...undisturbed } = reread(await begin(work.keep))
  const contents = work.contents('out.json')
  for (const snapshot of work.snapshots.filter(({ moment }) => moment !== 'saved')) {
    work.goBack(snapshot)
    const { requestCount } = portal
    t.match(await begin(), undisturbed)
    t.equal(portal.requestCount, requestCount)
    t.equal(work.contents('out.json'), contents)
  }
})

t.test('the report of what was complete says what was written', async t => {
  const work = new Workplace(t)
  await start(t, work, 'out.json', work.keep)
  work.goBack(work.snapshots.find(({ moment }) => moment === 'complete') as Snapshot)
  t.match(await start(t, work, 'out.json'), {
    leads: count,
    records: count - 20,
    quarantined: 20,
    window: { timePivot: 'insertedAt' },
    source: { delivered: count },
    operators: [{ name: 'validate', in: count }],
    sink: { received: count - 20, acknowledged: count - 20 },
  })
})

t.test('an output that is gone, or another, when only its name is missing, is refused', async t => {
  const work = new Workplace(t)
  await start(t, work, 'out.json', work.keep)
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
    t.match(await failureOf(start(t, work, 'out.json')), { code: 'CHECKPOINT' })
    t.strictSame(work.everything, before)
  }
})

t.test('a finished run is not begun again: the same report, no request, and nothing is touched', async t => {
  const work = new Workplace(t)
  const first = reread(await start(t, work, 'out.json'))
  const report = { ...first, checkpoint: { ...first.checkpoint, found: 'finished' } }
  const long = new Date(0)
  for (const name of work.names) utimesSync(work.file(name), long, long)
  const { requestCount } = portal
  const before = work.everything
  for (let again = 0; again < 2; again += 1) {
    t.strictSame(await start(t, work, 'out.json', undefined, stop), report)
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
      const { records } = await start(t, work, to)
      for (const file of work.names.filter(file => file.startsWith('out'))) rmSync(work.file(file))
      const { everything } = work
      const { requestCount } = portal
      t.match(await failureOf(start(t, work, to, undefined, stop)), {
        code: 'CHECKPOINT',
        message: new RegExp(
          `^checkpoint .*checkpoint\\.json: its run has finished, and .*/${name.source} does not exist any more; set checkpoint\\.whenFinished to 'restart' to export again$`,
        ),
        context: { path: work.checkpoint },
      })
      t.equal(portal.requestCount, requestCount)
      t.strictSame(work.everything, everything)
      t.match(await start(t, work, to, undefined, { whenFinished: 'restart' }), { records })
      t.match(await start(t, work, to, undefined, stop), { records })
    }
  },
)

t.test('what became of the quarantine of a finished run is the affair of who replays it', async t => {
  const work = new Workplace(t)
  const { records } = await start(t, work, 'out.json')
  rmSync(work.file(rejected))
  t.match(await start(t, work, 'out.json', undefined, stop), { records })
})

t.test('restart begins anew when a run has finished, and goes on when it has not', async t => {
  const work = new Workplace(t)
  await start(t, work, 'out.json', work.keep, { whenFinished: 'restart' })
  const contents = work.contents('out.json')
  work.goBack(work.snapshots.findLast(({ moment }) => moment === 'saved') as Snapshot)
  const continued = await start(t, work, 'out.json', undefined, { whenFinished: 'restart' })
  t.equal(continued.checkpoint?.starts, 2)
  const { requestCount } = portal
  const again = await start(t, work, 'out.json', undefined, { whenFinished: 'restart' })
  t.match(again, { leads: count, checkpoint: { starts: 1 } })
  t.ok(portal.requestCount > requestCount)
  t.equal(work.contents('out.json'), contents)
})

t.test('a file of before stays in its place until the new one is complete', async t => {
  const work = new Workplace(t)
  writeFileSync(work.file('out.json'), 'older')
  const seen: string[] = []
  await start(t, work, 'out.json', moment => {
    seen.push(`${moment}: ${work.contents('out.json').slice(0, 5)}`)
  })
  t.ok(seen.slice(0, -1).every(text => text.endsWith('older')))
  t.match(seen.at(-1), /^ended: \[/)
})

t.test('what a run leaves behind that was killed before its first save is replaced', async t => {
  const work = new Workplace(t)
  let partials: string[] = []
  await start(t, work, 'out.json', moment => {
    if (moment === 'saved') partials = [work.partial('out.json'), work.partial(rejected)]
  })
  const contents = work.contents('out.json')
  work.clear()
  for (const name of [...partials, 'checkpoint.json.tmp']) {
    writeFileSync(work.file(name), 'left behind, and longer than what is to come'.repeat(2_000))
  }
  t.match(await start(t, work, 'out.json'), { leads: count, checkpoint: { starts: 1 } })
  t.equal(work.contents('out.json'), contents)
  t.strictSame(work.names, ['checkpoint.json', 'out.json', rejected])
})
