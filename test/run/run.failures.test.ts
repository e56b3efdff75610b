import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream'
import t from 'tap'
import { LeadpipeError, RunError } from '../../lib/index.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')
const sink = () => toArray({ max: 999 })

/** Emits ten values, then calls `then`. */
async function* ten(then: () => unknown = () => {}) {
  for (let n = 0; n < 10; n += 1) yield n
  await then()
}
const throwing = () => {
  throw boom
}

const sources: Record<string, () => AsyncIterable<unknown> | Iterable<unknown>> = {
  'a generator that throws': () =>
    (function* () {
      yield* [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      throw boom
    })(),
  'an async generator that throws': () => ten(throwing),
  'an async generator that rejects': () => ten(() => Promise.reject(boom)),
  'a Readable that is destroyed with an error': () => {
    let n = 0
    return new Readable({
      objectMode: true,
      read() {
        if (n < 10) this.push(n++)
        else this.destroy(boom)
      },
    })
  },
}

for (const [what, source] of Object.entries(sources)) {
  t.test(`run: ${what} as the source is a SOURCE error with the cause and a report`, async t => {
    const failure = (await failureOf(
      run(
        source(),
        map(n => n),
        sink(),
      ),
    )) as RunError
    t.match(failure, { code: 'SOURCE', message: 'the source failed: boom' })
    t.equal(failure.cause, boom)
    const { report } = failure
    t.ok(report.read <= 10)
    t.match(report, { operators: [{ name: 'map' }], sink: {} })
    t.strictSame(JSON.parse(JSON.stringify(report)), report)
  })
}

t.test('a failed run rejects with a RunError: the parts of the failure, and the report', async t => {
  const failure = new LeadpipeError('NETWORK', 'gone', {
    retryable: true,
    cause: boom,
    context: { origin: 'http://portal.example' },
  })
  const error = await failureOf(
    run(
      ten(() => Promise.reject(failure)),
      sink(),
    ),
  )
  t.ok(error instanceof RunError && error instanceof LeadpipeError)
  t.match(error, { name: 'RunError', code: 'NETWORK', message: 'gone', problem: 'gone', retryable: true })
  const { cause, context, report, stack } = error as RunError
  t.equal(cause, boom)
  t.strictSame(context, failure.context)
  t.match(report, { read: 10 })
  t.equal(stack, failure.stack, 'which says where it happened')
})

t.test('wrong arguments, and the reason of an abort, are not a RunError', async t => {
  const wrong = await failureOf(run([1], sink(), { progressInterval: 1 }))
  t.ok(wrong instanceof LeadpipeError && !(wrong instanceof RunError))
  const reason = new LeadpipeError('SOURCE', 'enough')
  for (const aborted of [boom, 'enough', reason]) {
    const controller = new AbortController()
    const error = failureOf(
      run(
        ten(() => new Promise(() => {})),
        sink(),
        { signal: controller.signal },
      ),
    )
    await turns(3)
    controller.abort(aborted)
    t.equal(await error, aborted)
  }
})

t.test('a null from an iterable is SOURCE: it would end a stream', async t => {
  t.match(await failureOf(run([1, null, 2], sink())), { code: 'SOURCE' })
})

t.test('run: an error of leads() keeps its code', async t => {
  const { origin } = await listen(t, (_request, response) => {
    response.statusCode = 401
    response.end()
  })
  const failure = await failureOf(run(leads(openClient(t, origin)), sink()))
  t.match(failure, { code: 'AUTH', report: { read: 0, source: { requests: 1 }, records: 0 } })
})

t.test('run: a step that throws is an OPERATOR error with the cause and a report', async t => {
  const failure = (await failureOf(
    run(
      ten(),
      filter((n: number) => n > 0),
      map(n => {
        if (n === 4) throw boom
        return n
      }),
      sink(),
    ),
  )) as LeadpipeError
  t.match(failure, {
    code: 'OPERATOR',
    message: 'map: boom',
    report: {
      operators: [
        { name: 'filter', in: 5, out: 4 },
        { name: 'map', in: 4, out: 3 },
      ],
    },
  })
  t.equal(failure.cause, boom)
})

const sinks: Record<string, () => Writable> = {
  'with a write that fails': () =>
    new Writable({ objectMode: true, write: (_v, _e, callback) => callback(boom) }),
  'with a write that fails later': () =>
    new Writable({ objectMode: true, write: (_v, _e, callback) => setImmediate(callback, boom) }),
  'with a final that fails': () =>
    new Writable({
      objectMode: true,
      write: (_v, _e, callback) => callback(),
      final: callback => callback(boom),
    }),
  'that is destroyed with an error': () => {
    const own = new Writable({
      objectMode: true,
      write(n, _encoding, callback) {
        if (n === 5) own.destroy(boom)
        callback()
      },
    })
    return own
  },
}

for (const [what, own] of Object.entries(sinks)) {
  t.test(`run: a user's Writable, ${what}, is a SINK error with the cause`, async t => {
    let ended = false
    const failure = (await failureOf(
      run(
        (async function* () {
          try {
            yield* ten()
          } finally {
            ended = true
          }
        })(),
        own(),
      ),
    )) as LeadpipeError
    t.match(failure, { code: 'SINK', message: 'the sink failed: boom', report: {} })
    t.equal(failure.cause, boom)
    t.equal(await eventually(() => ended, true), true, 'the source is closed')
  })
}

t.test(
  'run: a write() that throws, or objects to a Writable of bytes, is a SINK error, not an uncaught exception',
  async t => {
    const own = new Writable({
      objectMode: true,
      write() {
        throw boom
      },
    })
    t.match(await failureOf(run([1], own)), { code: 'SINK', cause: boom })
    for (const operators of [[], [map(value => value)]] as const) {
      const bytes = new Writable({ write: (_v, _e, callback) => callback() })
      const anyRun = run as (...stages: unknown[]) => Promise<unknown>
      t.match(await failureOf(anyRun([{ a: 1 }], ...operators, bytes)), {
        code: 'SINK',
        message: /\(put encode\(\) before a Writable that takes bytes\)$/,
        cause: { code: 'ERR_INVALID_ARG_TYPE' },
      })
      t.ok(bytes.destroyed)
    }
  },
)

const closedEarly = 'it was closed before its end'

t.test('run: a source that is destroyed from outside is a SOURCE error, without a hang', async t => {
  const silent = new Readable({ objectMode: true, read() {} })
  setImmediate(() => silent.destroy())
  t.match(await failureOf(run(silent, sink())), {
    code: 'SOURCE',
    message: `the source failed: ${closedEarly}`,
  })
  const { origin } = await serveLeads(t, someLeads(30))
  const source = leadsByOffset(openClient(t, origin), { max: 5 })
  const failing = failureOf(
    run(
      source,
      map((lead: unknown) => {
        source.destroy()
        return lead
      }),
      sink(),
    ),
  )
  t.match(await failing, { code: 'SOURCE', message: `the source failed: ${closedEarly}` })
})

t.test('run: a source that is destroyed after its last value neither hangs nor loses a record', async t => {
  const source = new Readable({ objectMode: true, read() {} })
  const own = new Writable({
    objectMode: true,
    write(_value, _encoding, callback) {
      source.push(null)
      source.destroy()
      callback()
    },
  })
  source.push(1)
  t.match(await run(source, own), { records: 1 })
})

t.test('run: a sink that is destroyed from outside is a SINK error, without a hang', async t => {
  const dir = t.testdir()
  for (const destroy of [(own: Writable) => own.destroy(), (own: Writable) => own.destroy(boom)]) {
    for (const own of [
      toFile(join(dir, 'a.ndjson')),
      new Writable({ objectMode: true, write() {} }),
      sink(),
    ]) {
      const silent = new Readable({ objectMode: true, read() {} })
      silent.push(1)
      const failing = failureOf(run(silent, own))
      await turns(30)
      destroy(own)
      t.match(await failing, { code: 'SINK' })
      t.ok(silent.destroyed)
    }
  }
  t.strictSame(readdirSync(dir), [])
})

t.test('run: a sink that is destroyed between its last record and finish is a SINK error', async t => {
  const own = new Writable({
    objectMode: true,
    write: (_value, _encoding, callback) => callback(),
    final() {
      setImmediate(() => own.destroy())
    },
  })
  t.match(await failureOf(run([1, 2], own)), { code: 'SINK', message: `the sink failed: ${closedEarly}` })
  const path = join(t.testdir(), 'a.ndjson')
  const file = toFile(path)
  file.on('prefinish', () => {})
  const failing = failureOf(run([1, 2], file))
  while (!file.writableEnded) await turns(1)
  file.destroy()
  t.match(await failing, { code: 'SINK' })
})

t.test('run: a source or sink that fails while the run is opened rejects the run, no crash', async t => {
  const dir = t.testdir()
  const missing = createReadStream(join(dir, 'missing'))
  t.match(await failureOf(run(missing, toFile(join(dir, 'a.ndjson')))), {
    code: 'SOURCE',
    message: /^the source failed: ENOENT/,
  })
  const file = toFile(join(dir, 'a.ndjson'))
  const failing = failureOf(run([1], file))
  file.destroy(boom)
  t.match(await failing, { code: 'SINK', cause: boom })
  t.strictSame(readdirSync(dir), [])
})

t.test('run: a sink that is ended from outside is a SINK error, without a hang', async t => {
  const silent = () => {
    const source = new Readable({ objectMode: true, read() {} })
    source.push(1)
    return source
  }
  const fromOutside = sink()
  const failing = failureOf(run(silent(), fromOutside))
  await turns(5)
  fromOutside.end()
  t.match(await failing, { code: 'SINK', message: `the sink failed: ${closedEarly}` })

  const own: Writable = new Writable({
    objectMode: true,
    write(_value, _encoding, callback) {
      own.end()
      callback()
    },
  })
  t.match(await failureOf(run(silent(), own)), { code: 'SINK' })
})

t.test('run: a stream of transform() that ends before its input is an OPERATOR error', async t => {
  const failure = await failureOf(
    run(
      ten(),
      transform<number, number>(() => {
        const own: Transform = new Transform({
          objectMode: true,
          transform(n, _encoding, callback) {
            if (n === 3) own.end()
            callback(null, n)
          },
        })
        return own
      }),
      sink(),
    ),
  )
  t.match(failure, { code: 'OPERATOR', context: { operator: 'transform' } })
})

t.test('run: every stream is destroyed when the run rejects, and no close event is awaited', async t => {
  const streams: (Readable | Writable)[] = []
  const keep = <T extends Readable | Writable>(stream: T) => {
    streams.push(stream)
    return stream
  }
  const late = <T extends Readable | Writable>(stream: T): T => {
    const own = stream as { _destroy: Writable['_destroy'] }
    own._destroy = (error, callback) => void turns(10).then(() => callback(error))
    return keep(stream)
  }
  const failure = await failureOf(
    run(
      late(Readable.from(someLeads(99))),
      map(lead => lead),
      transform(() => late(new PassThrough({ objectMode: true }))),
      operator('fails', throwing),
      transform(() => late(new PassThrough({ objectMode: true }))),
      late(new Writable({ objectMode: true, write: (_v, _e, callback) => callback() })),
    ),
  )
  t.match(failure, { code: 'OPERATOR', message: 'fails, lead lead-0: boom' })
  t.equal(streams.length, 4)
  for (const stream of streams) t.ok(stream.destroyed)
  const open = () => streams.filter(stream => !stream.closed).length
  t.equal(open(), 4)
  t.equal(await eventually(open, 0), 0)
})

t.test('run: rejects with the first of several failures', async t => {
  const failure = await failureOf(
    run(
      ten(),
      operator<number>('first', () => throwing()),
      new Writable({
        objectMode: true,
        write: (_v, _e, callback) => callback(),
        destroy: (_error, callback) => callback(new Error('second')),
      }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', message: 'first: boom' })
})

t.test('run: if counts() throws, the run rejects with its failure, without a report', async t => {
  const uncountable = operator<number>({
    name: 'uncountable',
    create: () => ({
      step: (n, emit) => emit(n),
      counts() {
        throw new Error('no numbers')
      },
    }),
  })
  const failing = new Writable({ objectMode: true, write: (_v, _e, callback) => callback(boom) })
  t.match(await failureOf(run(ten(), uncountable, failing)), { code: 'SINK', cause: boom, report: undefined })
  const wanted = { code: 'OPERATOR', message: 'uncountable: no numbers', report: undefined }
  t.match(await failureOf(run(ten(), uncountable, sink())), wanted, 'it fails a run that succeeds otherwise')
  const silent = new Readable({ objectMode: true, read() {} })
  silent.push(1)
  const watched = run(silent, uncountable, sink(), { onProgress: () => {}, progressInterval: 10 })
  t.match(await failureOf(watched), wanted, 'it fails a run with onProgress')
})

t.test('run: an early end succeeds even if the source fails to close', async t => {
  const source = new Readable({
    objectMode: true,
    read() {
      this.push(1)
    },
    destroy: (_error, callback) => callback(boom),
  })
  t.match(await run(source, take(2), sink()), { records: 2 })
})

t.test('run: an early end does not hide a failure of the sink', async t => {
  const fails = new Writable({
    objectMode: true,
    write: (_v, _e, callback) => callback(),
    final: callback => setImmediate(callback, boom),
  })
  t.match(await failureOf(run(ten(), take(2), fails)), { code: 'SINK', cause: boom })
})

t.test('run: take() ends a source that emits no close event', async t => {
  const source = new Readable({
    objectMode: true,
    emitClose: false,
    read() {
      this.push(1)
    },
  })
  t.match(await run(source, take(2), sink()), { records: 2 })
})

t.test('run: no connection is left open after a failure', async t => {
  const { origin, connections } = await serveLeads(t, someLeads(500, 3))
  const client = openClient(t, origin)
  for (const at of [0, 1, 50, 499]) {
    let n = 0
    await t.rejects(
      run(
        leadsByOffset(client),
        map(lead => {
          if (n++ === at) throw boom
          return lead
        }),
        sink(),
      ),
      { code: 'OPERATOR' },
    )
  }
  await client.close()
  t.equal(await eventually(connections, 0), 0)
})

t.test('run: an error without a message is described by its code', async t => {
  const odd = Object.assign(new Error(''), { code: 'EODD' })
  const source = new Duplex({
    objectMode: true,
    read() {
      this.destroy(odd)
    },
  })
  t.match(await failureOf(run(source, sink())), { code: 'SOURCE', message: 'the source failed: EODD' })
})

t.test('run: a sink that fails at any moment of the start rejects the run, no crash', async t => {
  const uncaught: unknown[] = []
  const record = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', record)
  t.teardown(() => process.off('uncaughtException', record))
  const path = join(t.testdir(), 'a.ndjson')
  const boom = new Error('boom')
  for (let moment = 0; moment < 40; moment += 1) {
    const source = new Readable({ objectMode: true, read() {} })
    const sink = toFile(path)
    const failure = failureOf(run(source, sink))
    await turns(moment)
    sink.destroy(boom)
    t.match(await failure, { code: 'SINK', cause: boom })
  }
  t.strictSame(uncaught, [])
})
