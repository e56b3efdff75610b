import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Report } from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { goldenCheckpoint } from '../support/goldenCheckpoint.ts'
import { goldenPortal, goldenTime } from '../support/goldenPortal.ts'
import { exportModified, exportRows, postLeads } from '../support/goldenRuns.ts'
import { receive } from '../support/receive.ts'

/*
 * Checkpoints as leadpipe 0.1 saved them; see test/fixtures/checkpoints/README.md.
 */

const minute = 60_000
const day = 24 * 60 * minute
/** Where the golden windows end, and where the next ones begin. */
const stopTime = goldenTime - minute
const overlapped = stopTime - 10 * minute

/** Leads inserted an hour after the golden checkpoints were saved: valid, invalid, and not a lead. */
const later = ['valid', 'invalid', 'none'].map((kind, n) => ({
  guid: `later-${kind}`,
  insertedAt: goldenTime + 60 * minute + n,
  lastModifiedAt: goldenTime + 60 * minute + n,
  leadConversionEvents: [{ guid: `event-${kind}`, formName: 'Later' }],
  ...(kind === 'invalid' ? { score: 'high' } : {}),
  ...(kind === 'none' ? { instead: 'none' } : {}),
}))

const linesOf = (dir: string, name: string): string[] =>
  readFileSync(join(dir, name), 'utf8').split('\n').slice(0, -1)
const recordsOf = <T>(dir: string, name: string): T[] => linesOf(dir, name).map(line => JSON.parse(line))
const guidsOf = (records: unknown[]) => records.map(record => (record as { guid: string }).guid)
const rejectedIn = (dir: string) =>
  recordsOf<{ code: string; raw: string }>(dir, 'rejected.ndjson').map(({ code, raw }) => `${code} ${raw}`)
const versionIn = (dir: string): number => JSON.parse(linesOf(dir, 'checkpoint.json')[0] as string).version
const reportIn = (dir: string): Report & { leads: number } =>
  JSON.parse(linesOf(dir, 'checkpoint.json')[1] as string).report

/** The bytes of every file by name. */
const everythingIn = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map(name => [name, readFileSync(join(dir, name)).toString('base64')]))

/** Moves the files of the last window to names that the next one does not write. */
function moveAway(dir: string, ...names: string[]): void {
  for (const name of names) renameSync(join(dir, name), join(dir, `moved-${name}`))
}

t.test(
  "checkpoint of version 1: whenFinished 'next' reads what is new after a finished run, and saves version 2",
  async t => {
    const { portal, mixedOrigin: origin, clock } = await goldenPortal(t)
    const dir = goldenCheckpoint(t, 'finished', { origin })
    moveAway(dir, 'out.ndjson', 'rejected.ndjson')
    const before = everythingIn(dir)
    clock.time = goldenTime + day
    portal.insert(later)
    const report = await exportRows({ dir, origin }, { whenFinished: 'next' })
    t.match(report, {
      read: 6,
      quarantined: 4,
      window: { timePivot: 'insertedAt', startTime: overlapped, stopTime: stopTime + day },
      checkpoint: { starts: 1 },
    })
    t.equal(report.checkpoint?.found, undefined)
    t.strictSame(
      recordsOf<{ guid: string; n: number }>(dir, 'out.ndjson').map(({ guid, n }) => `${n}: ${guid}`),
      ['1: lead-40', '2: lead-42', '3: lead-42', '4: lead-42', '5: lead-44', '6: later-valid'],
    )
    const rejected = rejectedIn(dir)
    for (const [index, start] of [
      'DECODE ["neither","this"]',
      'INVALID_LEAD {"guid":"lead-43"',
      'INVALID_LEAD {"guid":"later-invalid"',
      'DECODE "none"',
    ].entries()) {
      t.ok(rejected[index]?.startsWith(start), start)
    }
    t.equal(rejected.length, 4)
    t.equal(versionIn(dir), 2)
    const after = everythingIn(dir)
    for (const name of ['moved-out.ndjson', 'moved-rejected.ndjson']) t.equal(after[name], before[name])
  },
)

t.test('checkpoint of version 1: a nightly export continues with one window per night', async t => {
  const { portal, clock } = await goldenPortal(t)
  const { origin } = portal
  const dir = goldenCheckpoint(t, 'finished-plain', { origin })
  const first = readFileSync(join(dir, 'modified-2026-03-01.ndjson'))
  clock.time = goldenTime + day
  portal.insert(later)
  portal.update('lead-07', { firstName: 'Eve' })
  clock.time += 2 * minute
  t.match(await exportModified({ dir, origin }), {
    read: 9,
    window: { timePivot: 'lastModifiedAt', startTime: overlapped, stopTime: stopTime + day + 2 * minute },
    checkpoint: { starts: 1 },
  })
  t.equal(versionIn(dir), 2)
  t.strictSame(guidsOf(recordsOf(dir, 'modified-2026-03-02.ndjson')), [
    ...[40, 41, 42, 43, 44].map(n => `lead-${n}`),
    ...later.map(({ guid }) => guid),
    'lead-07',
  ])
  clock.time = goldenTime + 2 * day
  t.match(await exportModified({ dir, origin }, { overlap: 0 }), {
    read: 0,
    window: { startTime: stopTime + day + 2 * minute, stopTime: stopTime + 2 * day },
  })
  t.equal(versionIn(dir), 2)
  t.ok(
    readFileSync(join(dir, 'modified-2026-03-01.ndjson')).equals(first),
    'the file of the first window is not changed',
  )
})

t.test("checkpoint of version 1: whenFinished 'next' delivers what is new to a receiver", async t => {
  const { portal, clock } = await goldenPortal(t)
  const { origin } = portal
  const receiver = await receive(t)
  const dir = goldenCheckpoint(t, 'finished-http', { origin, receiver: receiver.origin })
  moveAway(dir, 'refused.ndjson')
  clock.time = goldenTime + day
  portal.insert(later)
  const report = await postLeads({ dir, origin, receiver: receiver.origin }, { whenFinished: 'next' })
  t.match(report, { records: 8, window: { startTime: overlapped, stopTime: stopTime + day } })
  t.strictSame(guidsOf(receiver.arrivals.flatMap(({ records }) => records)), [
    ...[40, 41, 42, 43, 44].map(n => `lead-${n}`),
    ...later.map(({ guid }) => guid),
  ])
  t.equal(versionIn(dir), 2)
})

t.test('checkpoint of version 1: the next window does not replace the files of the last', async t => {
  const { portal, mixedOrigin: origin, clock } = await goldenPortal(t)
  const dir = goldenCheckpoint(t, 'finished', { origin })
  clock.time = goldenTime + day
  const { requestCount } = portal
  for (const name of ['out.ndjson', 'rejected.ndjson']) {
    const before = everythingIn(dir)
    t.match(await failureOf(exportRows({ dir, origin }, { whenFinished: 'next' })), {
      code: 'CHECKPOINT',
      message: new RegExp(`${name} holds the \\d+ records of the last window`),
    })
    t.strictSame(everythingIn(dir), before)
    moveAway(dir, name)
  }
  t.equal(portal.requestCount, requestCount, 'no request is sent')
})

for (const golden of ['finished', 'finished-plain', 'finished-http'] as const) {
  t.test(`checkpoint of version 1, ${golden}: whenFinished 'stop' returns the saved report`, async t => {
    const { portal, mixedOrigin } = await goldenPortal(t)
    const origin = golden === 'finished' ? mixedOrigin : portal.origin
    const { origin: receiver, arrivals } = await receive(t)
    const dir = goldenCheckpoint(t, golden, { origin, receiver })
    const begin = { finished: exportRows, 'finished-plain': exportModified, 'finished-http': postLeads }[
      golden
    ]
    const { operators: saved, ...given } = reportIn(dir)
    // Version 1 called them leads.
    const { leads: read, records, skipped, quarantined, duration, window } = given
    // Version 1 kept an operator's own counts beside `in` and `out`.
    const operators = saved.map(({ name, in: into, out, ...own }) => ({ name, in: into, out, own }))
    const before = everythingIn(dir)
    const { requestCount } = portal
    for (let again = 0; again < 2; again += 1) {
      const report = await begin({ dir, origin, receiver }, { whenFinished: 'stop' })
      t.match(report, { read, records, skipped, quarantined, duration, window })
      t.strictSame(report.operators, operators)
      t.match(report.checkpoint, { path: join(dir, 'checkpoint.json'), starts: 1, found: 'finished' })
    }
    t.equal(portal.requestCount, requestCount, 'no request is sent')
    t.strictSame(arrivals, [])
    t.strictSame(everythingIn(dir), before, 'no file is changed')
  })
}

t.test("checkpoint of version 1: whenFinished 'restart' starts again, and saves version 2", async t => {
  const { portal, mixedOrigin: origin } = await goldenPortal(t)
  const dir = goldenCheckpoint(t, 'finished', { origin })
  const out = readFileSync(join(dir, 'out.ndjson'), 'utf8')
  const rejected = rejectedIn(dir)
  const { leads: read, records, quarantined, window } = reportIn(dir)
  const { requestCount } = portal
  const report = await exportRows({ dir, origin }, { whenFinished: 'restart' })
  t.match(report, { read, records, quarantined, window, checkpoint: { starts: 1 } })
  t.equal(report.checkpoint?.found, undefined)
  t.ok(portal.requestCount > requestCount, 'the leads were requested')
  t.equal(readFileSync(join(dir, 'out.ndjson'), 'utf8'), out)
  t.strictSame(rejectedIn(dir), rejected)
  t.equal(versionIn(dir), 2)
  t.match(await exportRows({ dir, origin }, { whenFinished: 'stop' }), {
    read,
    records,
    checkpoint: { found: 'finished' },
  })
})

for (const phase of ['running', 'complete'] as const) {
  t.test(
    `checkpoint of version 1: one that is ${phase} is a CHECKPOINT error that says what to do, and is not changed`,
    async t => {
      const { portal, mixedOrigin: origin } = await goldenPortal(t)
      const dir = goldenCheckpoint(t, phase, { origin })
      t.ok(existsSync(join(dir, 'out.ndjson.partial')))
      const path = join(dir, 'checkpoint.json')
      const before = everythingIn(dir)
      const { requestCount } = portal
      for (const whenFinished of [undefined, 'stop', 'restart', 'next'] as const) {
        const error = await failureOf(exportRows({ dir, origin }, { whenFinished }))
        t.match(error, { code: 'CHECKPOINT', context: { path } })
        // The name of the folder may contain the same words.
        const message = (error as Error).message.replaceAll(dir, '')
        t.match(message, /version 1/)
        t.match(message, new RegExp(`\\b${phase}\\b`))
        t.match(message, /finish it with the version of leadpipe that began it, or delete it/)
        t.strictSame(everythingIn(dir), before, 'no file is changed')
      }
      t.equal(portal.requestCount, requestCount, 'no request is sent')
    },
  )
}

t.test('checkpoint of version 1: one of another run is a CHECKPOINT error, and is not changed', async t => {
  const { portal, mixedOrigin: origin } = await goldenPortal(t)
  const dir = goldenCheckpoint(t, 'finished', { origin })
  const before = everythingIn(dir)
  const { requestCount } = portal
  for (const whenFinished of ['stop', 'restart', 'next'] as const) {
    for (const [what, begin] of Object.entries({
      'another query': () => exportRows({ dir, origin }, { whenFinished }, { search: 'a' }),
      'another startTime': () => exportRows({ dir, origin }, { whenFinished }, { startTime: 5 }),
      'another portal': () => exportRows({ dir, origin: portal.origin }, { whenFinished }),
      'another version': () => exportRows({ dir, origin }, { whenFinished, version: 'other' }),
    })) {
      t.match(await failureOf(begin()), { code: 'CHECKPOINT', message: /of another run/ }, what)
    }
  }
  t.equal(portal.requestCount, requestCount, 'no request is sent')
  t.strictSame(everythingIn(dir), before, 'no file is changed')
})
