import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import {
  filter,
  type Lead,
  type LeadpipeError,
  map,
  type Quarantined,
  quarantined,
  run,
  take,
  toArray,
  toFile,
  transform,
  validate,
} from '../../lib/index.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

const elements = {
  good: '{"guid":"good","email":"a@b.example"}',
  schema: '{"guid": "schema",  "score":"high", "note":"ü"}',
  noGuid: '{"email":"nobody@b.example"}',
  number: '12.50',
  nothing: 'null',
  list: '["a", [1]]',
  malformed: '{"guid":"malformed","score":1,}',
  large: `{"guid":"large","message":"${'\\"x'.repeat(400)}"}`,
  deep: `{"guid":"deep","message":${'['.repeat(100)}${']'.repeat(100)}}`,
  last: '{"guid":"last"}',
}
const body = `[${Object.values(elements).join(', ')}]`
const maxLeadBytes = 500

/** Serves one page with every kind of element, in small chunks. Returns the origin. */
async function portalOf(t: Test, page = body): Promise<string> {
  const { origin } = await listen(t, (request, response) => {
    const first = !new URL(request.url ?? '/', 'http://x').searchParams.has('offset')
    if (!first) response.end('[]')
    else {
      for (let i = 0; i < page.length; i += 97) response.write(page.slice(i, i + 97))
      response.end()
    }
  })
  return origin
}

const recordsOf = (path: string): Quarantined[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

t.test(
  'quarantine: every element that is not a valid lead is written with its raw text, the others reach the sink',
  async t => {
    const client = openClient(t, await portalOf(t))
    const path = join(t.testdir(), 'rejected.ndjson')
    const sink = toArray<Lead>({ max: 100 })
    const report = await run(
      leadsByOffset(client, { maxLeadBytes }),
      filter(() => true),
      validate({ onInvalid: 'quarantine', quarantine: path }),
      sink,
    )
    t.strictSame(
      sink.records.map(({ guid }) => guid),
      ['good', 'last'],
    )
    t.match(report, { read: 4, records: 2, quarantined: 8, skipped: 0 })
    t.match(report.source, { scanned: 10, decoded: 7, malformed: 3, delivered: 4, rejected: 6 })
    const records = recordsOf(path)
    t.strictSame(
      records.map(({ raw }) => raw),
      [
        elements.schema,
        elements.noGuid,
        elements.number,
        elements.nothing,
        elements.list,
        elements.malformed,
        elements.large.slice(0, maxLeadBytes),
        elements.deep,
      ],
    )
    t.strictSame(
      records.map(({ code, errors }) => [code, errors[0]?.path, errors[0]?.rule]),
      [
        ['INVALID_LEAD', '/score', 'type'],
        ['INVALID_LEAD', '', 'required'],
        ['DECODE', '', 'not a lead'],
        ['DECODE', '', 'not a lead'],
        ['DECODE', '', 'not a lead'],
        ['DECODE', '', 'malformed'],
        ['DECODE', '', 'too large'],
        ['DECODE', '', 'too deep'],
      ],
    )
    for (const [index, { page, position, time }] of records.entries()) {
      t.equal(page, 1)
      t.equal(position?.element, index + 1)
      t.equal(position?.byte, Buffer.from(body).indexOf(Object.values(elements)[index + 1] as string))
      t.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
    }
    t.equal(records[0]?.guid, 'schema')
  },
)

t.test("validate: onInvalid 'skip' leaves out and counts the same elements", async t => {
  const client = openClient(t, await portalOf(t))
  const sink = toArray<Lead>({ max: 100 })
  const report = await run(leadsByOffset(client, { maxLeadBytes }), validate({ onInvalid: 'skip' }), sink)
  t.match(report, { read: 4, records: 2, quarantined: 0, skipped: 8 })
})

t.test(
  "run: an element that is not a lead is a DECODE error with onInvalid 'fail', without validate, and after transform()",
  async t => {
    const client = openClient(t, await portalOf(t, `[${elements.good},${elements.number}]`))
    const sink = () => toArray({ max: 100 })
    const pass = transform<Lead, Lead>(() => new PassThrough({ objectMode: true }))
    const runs = [
      run(leadsByOffset(client), validate(), sink()),
      run(leadsByOffset(client), sink()),
      run(leadsByOffset(client), pass, validate({ onInvalid: 'skip' }), sink()),
    ]
    for (const one of runs) await t.rejects(one, { code: 'DECODE', context: { page: 1, offset: 39 } })
  },
)

t.test(
  'quarantine: an unbalanced page is a DECODE error with page and offset, and the quarantine has what was before',
  async t => {
    const page = `[${elements.schema},{"guid":"a"],{"guid":"b"}]`
    const client = openClient(t, await portalOf(t, page))
    const path = join(t.testdir(), 'rejected.ndjson')
    await t.rejects(
      run(
        leadsByOffset(client),
        validate({ onInvalid: 'quarantine', quarantine: path }),
        toArray({ max: 100 }),
      ),
      { code: 'DECODE', context: { page: 1, offset: Buffer.from(page).indexOf('],{') } },
    )
    t.strictSame(
      recordsOf(path).map(({ raw }) => raw),
      [elements.schema],
    )
  },
)

t.test('validate: more invalid leads than maxInvalid, a count or a share, fail the run', async t => {
  const bad = (i: number) => (i % 10 === 0 ? { guid: `b${i}`, score: 'x' } : { guid: `g${i}` })
  const values = Array.from({ length: 2_000 }, (_, i) => bad(i))
  const attempt = (maxInvalid: number, count = 2_000) =>
    run(values.slice(0, count), validate({ onInvalid: 'skip', maxInvalid }), toArray({ max: 5_000 }))
  await t.rejects(attempt(3), {
    code: 'INVALID_LEAD',
    message: /4 of 31 records are invalid, 3 are allowed; the last: lead b30/,
  })
  await t.rejects(attempt(0.05), { code: 'INVALID_LEAD', message: /of 1001 records/ })
  await t.rejects(attempt(0.05, 50), { code: 'INVALID_LEAD', message: /5 of 50 records are invalid/ })
  t.equal((await attempt(0.11)).skipped, 200)
  t.equal((await attempt(200)).skipped, 200)
  await t.rejects(attempt(0, 1), { code: 'INVALID_LEAD' })
})

t.test('quarantine: the file is kept if the run fails, the output is not', async t => {
  const folder = t.testdir()
  const [path, output] = [join(folder, 'rejected.ndjson'), join(folder, 'leads.ndjson')]
  const values = [{ guid: 'a', score: 'x' }, { guid: 'b' }, { guid: 'c', score: 'x' }]
  const error = await run(
    values,
    validate({ onInvalid: 'quarantine', quarantine: path, maxInvalid: 1 }),
    toFile(output),
  ).then(
    () => undefined,
    (failure: LeadpipeError) => failure,
  )
  t.match(error, { code: 'INVALID_LEAD', report: { quarantined: 2 } })
  t.equal(recordsOf(path).length, 2)
  t.notOk(existsSync(output))
})

t.test('quarantine: without an invalid lead, it is an empty file', async t => {
  const path = join(t.testdir({ 'rejected.ndjson': 'from an earlier run' }), 'rejected.ndjson')
  await run([{ guid: 'a' }], validate({ onInvalid: 'quarantine', quarantine: path }), toArray({ max: 1 }))
  t.equal(readFileSync(path, 'utf8'), '')
})

t.test(
  'quarantine: it can be any object-mode Writable, also in a plain pipeline, and its backpressure holds',
  async t => {
    const received: Quarantined[] = []
    const slow = () =>
      new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(record, _encoding, callback) {
          received.push(record)
          setImmediate(callback)
        },
      })
    const values = Array.from({ length: 50 }, (_, i) => ({ guid: `g${i}`, score: 'x' }))
    const first = slow()
    const report = await run(
      values,
      validate({ onInvalid: 'quarantine', quarantine: first }),
      toArray({ max: 1 }),
    )
    t.match(report, { quarantined: 50, records: 0 })
    t.ok(first.writableFinished)
    await pipeline(values, validate({ onInvalid: 'quarantine', quarantine: slow() }), toArray({ max: 1 }))
    t.equal(received.length, 100)
    await t.rejects(
      pipeline(values, validate({ onInvalid: 'quarantine', quarantine: 'x.ndjson' }), toArray({ max: 1 })),
      { code: 'OPTION', message: /because only run\(\) opens a path/ },
    )
  },
)

t.test('quarantine: a failed write or open fails the run', async t => {
  const values = Array.from({ length: 5 }, (_, i) => ({ guid: `g${i}`, score: 'x' }))
  const broken = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(_record, _encoding, callback) {
      callback(new Error('no room'))
    },
  })
  await t.rejects(
    run(values, validate({ onInvalid: 'quarantine', quarantine: broken }), toArray({ max: 9 })),
    /no room/,
  )
  const missing = join(t.testdir(), 'missing', 'rejected.ndjson')
  let pulled = 0
  const counted = (function* () {
    for (const value of values) {
      pulled += 1
      yield value
    }
  })()
  await t.rejects(
    run(counted, validate({ onInvalid: 'quarantine', quarantine: missing }), toArray({ max: 9 })),
    {
      code: 'SINK',
    },
  )
  t.equal(pulled, 0)
})

t.test('validate: wrong options for the quarantine are OPTION errors', async t => {
  t.throws(() => validate({ onInvalid: 'quarantine' }), {
    code: 'OPTION',
    message: /quarantine: expected the path/,
  })
  t.throws(() => validate({ quarantine: 'x.ndjson' }), { code: 'OPTION' })
  t.throws(() => validate({ maxInvalid: 3 }), { code: 'OPTION' })
  t.throws(() => validate({ onInvalid: 'skip', maxInvalid: 1.5 }), { code: 'OPTION' })
  t.throws(() => validate({ onInvalid: 'quarantine', quarantine: new PassThrough() }), { code: 'OPTION' })
  const same = { onInvalid: 'quarantine', quarantine: 'x.ndjson' } as const
  await t.rejects(run([], validate(same), validate(same), toArray({ max: 1 })), { code: 'OPTION' })
})

t.test('quarantined: it reads quarantined leads as the source of another run', async t => {
  const client = openClient(t, await portalOf(t))
  const folder = t.testdir()
  const [path, still] = [join(folder, 'rejected.ndjson'), join(folder, 'still.ndjson.gz')]
  await run(
    leadsByOffset(client, { maxLeadBytes }),
    validate({ onInvalid: 'quarantine', quarantine: path }),
    toArray({ max: 9 }),
  )
  const repaired = toArray<Lead>({ max: 9 })
  const report = await run(
    quarantined(path),
    map(lead => ({ ...lead, guid: lead.guid ?? 'given', score: 1 })),
    validate({ onInvalid: 'quarantine', quarantine: still }),
    repaired,
  )
  t.strictSame(
    repaired.records.map(({ guid }) => guid),
    ['schema', 'given'],
  )
  t.equal(report.quarantined, 6)
  const again = toArray({ max: 9 })
  await run(quarantined(still), validate({ onInvalid: 'skip' }), again)
  t.equal(again.records.length, 0)
  const first = await run(quarantined(path), take(1), toArray({ max: 9 }))
  t.equal(first.records, 1)
})

t.test('quarantined: a missing file, or a line that is not a record, is a SOURCE error', async t => {
  const path = join(t.testdir(), 'rejected.ndjson')
  await t.rejects(run(quarantined(path), toArray({ max: 1 })), { code: 'SOURCE', message: /no such file/ })
  writeFileSync(path, '{"raw":"{\\"guid\\":\\"a\\"}"}\n{"guid":"b"}\n')
  await t.rejects(run(quarantined(path), toArray({ max: 1 })), {
    code: 'SOURCE',
    message: /line 2: expected a quarantine record/,
  })
  t.throws(() => quarantined(''), { code: 'OPTION' })
})
