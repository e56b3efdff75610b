import { join } from 'node:path'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import t from 'tap'
import type { Report } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { aLead, someLeads } from '../support/aLead.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'

const values = Array.from({ length: 50 }, (_, n) => ({ n }))

class Counting extends Readable {
  #next = 0
  constructor() {
    super({ objectMode: true })
  }
  override _read() {
    this.push(values[this.#next++] ?? null)
  }
}

const duplex = () => {
  const both = new PassThrough({ objectMode: true })
  for (const value of values) both.write(value)
  return both.end()
}

const sources: Record<string, () => Iterable<unknown> | AsyncIterable<unknown>> = {
  'an array': () => values,
  'a Set': () => new Set(values),
  'a generator': function* () {
    yield* values
  },
  'an async generator': async function* () {
    for (const value of values) {
      if (value.n % 7 === 0) await new Promise(resolve => setImmediate(resolve))
      yield value
    }
  },
  'an async iterable': () => ({
    async *[Symbol.asyncIterator]() {
      yield* values
    },
  }),
  'a subclass of Readable': () => new Counting(),
  'Readable.from': () => Readable.from(values),
  'a Duplex that others write': duplex,
  'a Readable without a close event': () => {
    let next = 0
    return new Readable({
      objectMode: true,
      emitClose: false,
      read() {
        this.push(values[next++] ?? null)
      },
    })
  },
  'a Readable that is not destroyed at its end': () => Readable.from(values, { autoDestroy: false }),
  'a web stream': () => new Blob([]).stream() && ReadableStream.from(values),
}

for (const [what, source] of Object.entries(sources)) {
  t.test(`run: ${what} can be the source`, async t => {
    const sink = toArray({ max: 99 })
    const report = await run(
      source(),
      map(value => value),
      sink,
    )
    t.strictSame(sink.records, values)
    t.match(report, { read: 50, records: 50, operators: [{ in: 50, out: 50 }] })
    t.notOk('source' in report)
  })
}

const sinkOf = (options: object = {}) => {
  const seen: unknown[] = []
  const sink = new Writable({
    objectMode: true,
    write(value, _encoding, callback) {
      seen.push(value)
      setImmediate(callback)
    },
    ...options,
  })
  return { seen, sink }
}

t.test("run: a user's Writable can be the sink, and run waits until it has finished", async t => {
  let finished = false
  const { seen, sink } = sinkOf({
    highWaterMark: 1,
    final(callback: () => void) {
      setImmediate(() => {
        finished = true
        callback()
      })
    },
  })
  const report = await run(values, sink)
  t.ok(finished)
  t.strictSame(seen, values)
  t.strictSame(report.sink, { name: 'writable', received: 50 })
  t.equal(report.records, 50)
})

t.test(
  'run: a Writable that is not destroyed at its end, or emits no close event, does not hang the run',
  async t => {
    for (const options of [{ autoDestroy: false }, { emitClose: false }]) {
      const { seen, sink } = sinkOf(options)
      await run(values, sink)
      t.equal(seen.length, 50)
    }
  },
)

t.test('run: with a Duplex as the sink, run waits for its writable side only', async t => {
  const through = new PassThrough({ objectMode: true, highWaterMark: 99 })
  t.match(await run(values, through), { records: 50 })
  t.strictSame(await through.toArray(), values)
  const half = Duplex.from({ writable: sinkOf().sink })
  t.match(await run(values, half), { records: 50 })
})

t.test('run: bytes of a Readable can be written to a Writable of bytes', async t => {
  const through = new PassThrough()
  const [report, received] = await Promise.all([
    run(Readable.from([Buffer.from('ab'), Buffer.from('c')], { objectMode: false }), through),
    buffer(through),
  ])
  t.equal(received.toString(), 'abc')
  t.match(report, { read: 2 })
})

t.test('run: the report has the counts of every stage', async t => {
  const given = [...someLeads(25, 2), { no: 'guid' }]
  const { origin } = await serveLeads(t, given)
  const path = join(t.testdir(), 'a.ndjson')
  const report: Report = await run(
    leads(openClient(t, origin, { concurrency: 1 }), { max: 10, paging: 'offset' }),
    validate({ onInvalid: 'skip' }),
    filter(lead => lead.isCustomer),
    explodeEvents(),
    toFile(path),
  )
  t.type(report.duration, 'number')
  t.strictSame(
    { ...report, duration: 0, source: undefined },
    {
      read: 26,
      records: 26,
      skipped: 1,
      quarantined: 0,
      duration: 0,
      source: undefined,
      operators: [
        { name: 'validate', in: 26, out: 25, own: { valid: 25, skipped: 1 } },
        { name: 'filter', in: 25, out: 13, own: {} },
        { name: 'explodeEvents', in: 13, out: 26, own: {} },
      ],
      sink: {
        name: 'toFile',
        destination: path,
        received: 26,
        acknowledged: 26,
        bytes: report.sink.bytes,
        unchanged: 0,
      },
    },
  )
  t.match(report.source, {
    name: 'leads',
    requests: 4,
    retries: 0,
    pages: 4,
    scanned: 26,
    decoded: 26,
    delivered: 26,
  })
  t.strictSame(JSON.parse(JSON.stringify(report)), report, 'it is plain JSON')
})

t.test("run: with a user's Writable of bytes, records are counted by encode()", async t => {
  const { sink } = sinkOf({ objectMode: false })
  t.match(await run(values, encode('json'), sink), { read: 50, records: 50, sink: { received: 1 } })
  const zipped = transform<Buffer, Buffer>(() => createGzip())
  t.match(await run(values, encode(), zipped, sinkOf({ objectMode: false }).sink), { records: 50 })
})

t.test('run: a slow sink slows the source', async t => {
  let pulled = 0
  let written = 0
  let furthest = 0
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(_value, _encoding, callback) {
      written += 1
      furthest = Math.max(furthest, pulled - written)
      turns(2).then(() => callback())
    },
  })
  await run(
    (async function* () {
      for (; pulled < 400; pulled += 1) yield pulled
    })(),
    map(n => n),
    map(async n => n),
    slow,
  )
  t.equal(written, 400)
  // Two streams of 16 on each side, and what the iteration reads ahead.
  t.ok(furthest <= 70, `${furthest} values ahead of the sink`)
})

t.test('run: eight runs with one client at the same time do not affect each other', async t => {
  const { origin } = await serveLeads(t, someLeads(40, 1))
  const client = openClient(t, origin)
  const sinks = Array.from({ length: 8 }, () => toArray({ max: 99 }))
  const shared = filter(lead => (lead as { isCustomer: boolean }).isCustomer)
  await Promise.all(sinks.map(sink => run(leads(client, { max: 7, paging: 'offset' }), shared, sink)))
  const expected = someLeads(40, 1).filter(lead => lead.isCustomer)
  for (const sink of sinks) t.strictSame(sink.records, expected)
})

t.test('run: the sink receives the objects of the source themselves', async t => {
  const lead = Object.freeze(aLead(1, 1))
  const sink = toArray({ max: 1 })
  await run([lead], validate(), sink)
  t.equal(sink.records[0], lead)
})
