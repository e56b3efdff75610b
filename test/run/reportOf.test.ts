import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { createGzip } from 'node:zlib'
import t, { type Test } from 'tap'
import type { CheckpointOptions, Report } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { map } from '../../lib/operators/map.ts'
import { transform } from '../../lib/operators/transform.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { jsonCopy } from '../support/jsonCopy.ts'
import { portalClient } from '../support/portalClient.ts'
import { receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { type Snapshot, Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const clock = { time: Date.UTC(2026, 2, 1, 12) }
const portal = await createPortal({ leads: 40, now: () => clock.time })
t.teardown(() => portal.close())

const exportLeads = (
  t: Test,
  work: Workplace,
  onMoment?: (moment: Moment) => void,
  checkpoint?: Partial<CheckpointOptions>,
) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 10 }),
    sink: toFile(work.file('out-{time}.ndjson')),
    every: 10,
    checkpoint,
    onMoment,
  })

t.test(
  'report: it has the phase of the checkpoint that the run resumed from, and the path of the file',
  async t => {
    const work = new Workplace(t)
    const first = await exportLeads(t, work, work.keep)
    t.notOk('found' in (first.checkpoint ?? {}))
    const { destination = '' } = first.sink
    t.match(destination, /out-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.ndjson$/)
    t.ok(existsSync(destination))
    const at = (moment: Moment) => work.snapshots.find(snapshot => snapshot.moment === moment) as Snapshot
    for (const [moment, found] of [
      ['saved', 'running'],
      ['complete', 'complete'],
      ['ended', 'complete'],
    ] as const) {
      work.goBack(at(moment))
      t.match(await exportLeads(t, work), { checkpoint: { found, starts: 2 }, sink: { destination } }, moment)
    }
    const again = await exportLeads(t, work, undefined, { whenFinished: 'stop' })
    t.match(again, { checkpoint: { found: 'finished', starts: 2 }, sink: { destination } })
    for (const whenFinished of ['restart', 'next'] as const) {
      clock.time += 60_000
      const again = await exportLeads(t, work, undefined, { whenFinished })
      t.notOk('found' in (again.checkpoint ?? {}), whenFinished)
      t.match(again.checkpoint, { starts: 1 })
    }
  },
)

t.test('report: destination is the real path of a file, or the URL of a receiver without query', async t => {
  const work = new Workplace(t)
  mkdirSync(work.file('real'))
  symlinkSync('real', work.file('link'))
  const { sink } = await run([{ a: 1 }], toFile(work.file('link/out.ndjson')))
  t.strictSame(jsonCopy(sink), {
    name: 'toFile',
    destination: join(work.path, 'real', 'out.ndjson'),
    received: 1,
    acknowledged: 1,
    bytes: 8,
    unchanged: 0,
  })
  const { origin } = await receive(t)
  t.match(await run([{ a: 1 }], toHttp(`${origin}/leads?key=secret`)), {
    sink: { destination: `${origin}/leads` },
  })
  t.notOk('destination' in (await run([{ a: 1 }], toArray({ max: 1 }))).sink)
})

const lines = () =>
  new Transform({ writableObjectMode: true, transform: (record, _, done) => done(null, `${record}\n`) })
const bytes = () => new PassThrough().resume()
const objects = () => new Writable({ objectMode: true, write: (_record, _encoding, done) => done() })
const toText = map((record: number) => `${record}\n`)
const numbers = [1, 2, 3, 4]

const counted: Record<string, [records: number | undefined, run: () => Promise<Report>]> = {
  'text of a stream, compressed, into a stream of bytes': [
    undefined,
    () =>
      run(
        numbers,
        transform<number, string>(lines),
        transform<string, Buffer>(() => createGzip()),
        bytes(),
      ),
  ],
  'text of a stream into a stream of bytes': [
    undefined,
    () => run(numbers, transform<number, string>(lines), bytes()),
  ],
  'text of map() into a stream of bytes': [undefined, () => run(numbers, toText, bytes())],
  'text into a web stream': [undefined, () => run(numbers, toText, new WritableStream())],
  'bytes of encode() into a stream of bytes': [4, () => run(numbers, encode(), bytes())],
  'bytes of encode(), compressed, into a stream of bytes': [
    4,
    () =>
      run(
        numbers,
        encode(),
        transform<Buffer, Buffer>(() => createGzip()),
        bytes(),
      ),
  ],
  'text into an object-mode Writable': [4, () => run(numbers, toText, objects())],
  'objects into a web stream': [4, () => run(numbers, new WritableStream<number>())],
  'nothing into a stream of bytes': [0, () => run([] as number[], toText, bytes())],
  'text into toArray()': [4, () => run(numbers, toText, toArray({ max: 4 }))],
}
for (const [what, [records, run]] of Object.entries(counted)) {
  t.test(
    `report: ${what}: ${records === undefined ? 'no number of records' : `${records} records`}`,
    async t => {
      const report = await run()
      t.equal(report.records, records)
      t.equal('records' in report, records !== undefined)
      t.equal(report.read, what.startsWith('nothing') ? 0 : 4)
    },
  )
}

t.test('report: without a write, a file has no destination', async t => {
  const work = new Workplace(t)
  const source = new Readable({
    read() {
      this.destroy(new Error('no more'))
    },
  })
  const error = (await failureOf(run(source, toFile(work.file('out.ndjson'))))) as { report: object }
  t.match(error.report, { sink: { received: 0 } })
  t.notOk('destination' in (error.report as { sink: object }).sink)
})
