import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex, PassThrough, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { Mark } from '../../../lib/model/Mark.ts'
import { RenewedStream } from '../../../lib/operators/kernel/RenewedStream.ts'
import { transform } from '../../../lib/operators/transform.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { failureOf } from '../../support/failureOf.ts'
import { turns } from '../../support/turns.ts'

const aMark = () => new Mark(undefined, async () => {})
const pass = () => new PassThrough({ objectMode: true })

/** Joins values, so many in one; what is left comes at the end, even if it is nothing. */
const batches = (size: number) => () => {
  let held: unknown[] = []
  return new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      held.push(value)
      if (held.length < size) return callback()
      const full = held
      held = []
      callback(null, full)
    },
    flush(callback) {
      callback(null, held)
    },
  })
}

/** Hands values on some turns later. */
const slow = () =>
  new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      turns(value % 3).then(() => callback(null, value))
    },
  })

/** Comes to its end by itself after three values, and takes the others to no avail. */
const firstThree = () => {
  let seen = 0
  return new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      seen += 1
      if (seen <= 3) this.push(value)
      if (seen === 3) this.push(null)
      callback()
    },
  })
}

/** Says something before the first value. */
const greeting = () => {
  const stream = pass()
  stream.push('hello')
  return stream
}

const kinds: Record<string, () => Duplex> = {
  'a stream that hands on': pass,
  'a stream that holds values back': batches(3),
  'an asynchronous stream': slow,
  'a stream that ends by itself': firstThree,
  'a stream that begins by itself': greeting,
  'a stream without room': () => new PassThrough({ objectMode: true, highWaterMark: 1 }),
  'a stream that stays open': () => new PassThrough({ objectMode: true, autoDestroy: false }),
  'a stream that does not tell that it is closed': () =>
    new PassThrough({ objectMode: true, emitClose: false }),
  'an async generator': () =>
    Duplex.from(async function* (values: AsyncIterable<unknown>) {
      for await (const value of values) yield value
      yield 'bye'
    }),
}

async function through(stream: Duplex, values: Iterable<unknown>): Promise<unknown[]> {
  const sink = toArray({ max: 9_999 })
  await pipeline(Readable.from(values), stream, sink)
  return sink.records
}

/** What is between the marks, each with the mark at its end. */
function sections(values: readonly unknown[]): unknown[][] {
  const all: unknown[][] = [[]]
  for (const value of values) {
    all.at(-1)?.push(value)
    if (value instanceof Mark) all.push([])
  }
  return all
}

const values = fc.array(fc.nat(30), { maxLength: 50 })
const marked = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.constant(0).map(aMark) }),
  { maxLength: 50 },
)

for (const [kind, create] of Object.entries(kinds)) {
  t.test(`${kind}: as long as no mark comes, it does what the stream does`, async t => {
    const property = fc.asyncProperty(values, async values => {
      assert.deepEqual(await through(new RenewedStream(create), values), await through(create(), values))
    })
    await t.resolves(fc.assert(property, { numRuns: 30 }))
  })

  t.test(`${kind}: between two marks it does what a new stream does, and then comes the mark`, async t => {
    const property = fc.asyncProperty(marked, async values => {
      const expected: unknown[] = []
      for (const [index, section] of sections(values).entries()) {
        const given = section.filter(value => !(value instanceof Mark))
        if (index === 0 || given.length > 0) expected.push(...(await through(create(), given)))
        expected.push(...section.filter(value => value instanceof Mark))
      }
      assert.deepEqual(await through(new RenewedStream(create), values), expected)
    })
    await t.resolves(fc.assert(property, { numRuns: 30 }))
  })

  t.test(`${kind}: one that goes on from a mark does what it had done behind that mark`, async t => {
    const property = fc.asyncProperty(marked, marked, async (before, after) => {
      const mark = aMark()
      const whole = await through(new RenewedStream(create), [...before, mark, ...after])
      const rest = await through(new RenewedStream(create, true), after)
      assert.deepEqual(rest, whole.slice(whole.indexOf(mark) + 1))
    })
    await t.resolves(fc.assert(property, { numRuns: 30 }))
  })

  t.test(`${kind}: destroyed at any moment, it closes behind the inner stream, and no later`, async t => {
    const property = fc.asyncProperty(marked, fc.nat(12), fc.boolean(), async (values, moment, read) => {
      const made: Duplex[] = []
      const stream = new RenewedStream(() => {
        const inner = create()
        made.push(inner)
        return inner
      })
      for (const value of values) stream.write(value)
      stream.end()
      if (read) stream.resume()
      await turns(moment)
      const closed = stream.closed ? undefined : once(stream, 'close')
      stream.destroy()
      await closed
      for (const inner of made) {
        assert.ok(inner.closed || (inner.readableEnded && inner.writableFinished))
      }
    })
    await t.resolves(fc.assert(property, { numRuns: 40 }))
  })
}

t.test('bytes: each part between two marks is a gzip member of its own', async t => {
  const [a, b] = [aMark(), aMark()]
  const out = await through(new RenewedStream(() => createGzip()), [
    'one\n',
    Buffer.from('two\n'),
    a,
    'three\n',
    b,
    'x'.repeat(1_000_000),
  ])
  const [first, second, third] = sections(out).map(part =>
    Buffer.concat(part.filter(value => Buffer.isBuffer(value))),
  )
  t.equal(gunzipSync(first as Buffer).toString(), 'one\ntwo\n')
  t.equal(gunzipSync(second as Buffer).toString(), 'three\n')
  t.equal(gunzipSync(third as Buffer).length, 1_000_000)
  const all = Buffer.concat([first, second, third] as Buffer[])
  t.equal(gunzipSync(all).length, 14 + 1_000_000)
})

t.test('many marks: a stream is made for a value, never for a mark or the end', async t => {
  let made = 0
  const stream = new RenewedStream(() => {
    made += 1
    return pass()
  })
  t.equal(made, 1, 'the first is there from the start')
  const marks = Array.from({ length: 40 }, aMark)
  t.strictSame(await through(stream, [...marks, 1, 2, ...marks]), [...marks, 1, 2, ...marks])
  t.equal(made, 2)
})

t.test('one that goes on from a mark and is given nothing makes no stream', async t => {
  const stream = new RenewedStream(() => {
    throw new Error('not wanted')
  }, true)
  t.strictSame(await through(stream, []), [])
})

t.test('no more than one inner stream is open at a time', async t => {
  const made: Duplex[] = []
  const stream = new RenewedStream(() => {
    t.ok(made.every(inner => inner.closed))
    const inner = slow()
    made.push(inner)
    return inner
  })
  const values = Array.from({ length: 60 }, (_, n) => (n % 5 === 4 ? aMark() : n))
  t.strictSame(await through(stream, values), values)
  t.equal(made.length, 12)
  t.ok(made.every(inner => inner.closed))
})

for (const [what, value] of [
  ['values', () => 1],
  ['marks', aMark],
  ['values and marks', (n: number) => (n % 3 === 0 ? aMark() : n)],
] as const) {
  t.test(`a reader who reads nothing holds the writer of ${what} up`, async t => {
    const stream = new RenewedStream(pass)
    let written = 0
    let taken = 0
    for (;;) {
      const room = stream.write(value(written), () => {
        taken += 1
      })
      written += 1
      await turns(2)
      if (!room) break
      t.ok(written < 200, 'it says that there is no room')
      if (written >= 200) break
    }
    const inner = pass()
    const limit =
      stream.readableHighWaterMark +
      stream.writableHighWaterMark +
      inner.readableHighWaterMark +
      inner.writableHighWaterMark
    t.ok(written <= limit + 2, `${written} written, room for ${limit}`)
    t.ok(taken < written)
    stream.end()
    t.equal((await stream.toArray()).length, written, 'and then all of them come')
  })
}

t.test('a slow inner stream holds the writer up', async t => {
  let go: () => void = () => {}
  const stream = new RenewedStream(
    () =>
      new Transform({
        objectMode: true,
        transform(value, _encoding, callback) {
          go = () => callback(null, value)
        },
      }),
  )
  let written = 0
  while (stream.write(written) && written < 100) {
    written += 1
    await turns(1)
  }
  t.ok(written < 40, `${written} written`)
  stream.resume()
  while (stream.writableLength > 0) {
    go()
    await turns(1)
  }
  t.notOk(stream.writableNeedDrain)
  stream.destroy()
})

/** Comes to its end by itself, both halves, with the first value. */
const onlyOne = (highWaterMark: number) =>
  new Duplex({
    objectMode: true,
    highWaterMark,
    read() {},
    write(value, _encoding, callback) {
      this.push(value)
      this.push(null)
      this.end()
      setImmediate(callback)
    },
  })

t.test('a stream that ended by itself, when nothing more was to come for it, is no failure', async t => {
  const marks = [aMark(), aMark()]
  const values = async function* () {
    for (const value of [1, marks[0], 2, marks[1], 3]) {
      yield value
      await turns(5)
    }
  }
  const sink = toArray({ max: 9 })
  await pipeline(values(), new RenewedStream(() => onlyOne(9)), sink)
  t.strictSame(sink.records, [1, marks[0], 2, marks[1], 3])
})

/** How an inner stream fails, when it has been given this. */
const failures: Record<string, { create: () => Duplex; code?: string; message?: string }> = {
  'an error': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (_value, _encoding, callback) => callback(new Error('boom')),
      }),
    message: 'boom',
  },
  'an error at its end': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (value, _encoding, callback) => callback(null, value),
        flush: callback => callback(new Error('boom')),
      }),
    message: 'boom',
  },
  'an error without being destroyed': {
    create: () => {
      const stream = new PassThrough({ objectMode: true, autoDestroy: false })
      setImmediate(() => stream.emit('error', new Error('boom')))
      return stream
    },
    message: 'boom',
  },
  'what it does not take': { create: () => new PassThrough(), code: 'ERR_INVALID_ARG_TYPE' },
  'a premature close': {
    create: () =>
      new Transform({
        objectMode: true,
        transform() {
          this.destroy()
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close when it holds nothing': {
    create: () =>
      new Transform({
        objectMode: true,
        transform(value, _encoding, callback) {
          callback(null, value)
          setImmediate(() => this.destroy())
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close at its end': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (_value, _encoding, callback) => callback(),
        flush() {
          this.destroy()
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close behind its last value': {
    create: () =>
      new Duplex({
        objectMode: true,
        read() {},
        write(value, _encoding, callback) {
          this.push(value)
          callback()
        },
        final() {
          this.push(null)
          this.once('end', () => this.destroy())
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'an end of its own, while a value waits for room': {
    create: () => onlyOne(1),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'an end of its own, while there is more to come': {
    create: () => {
      const stream = new Duplex({
        objectMode: true,
        allowHalfOpen: false,
        read() {},
        write(_value, _encoding, callback) {
          this.push(null)
          callback()
        },
      })
      return stream
    },
    code: 'ERR_STREAM_',
  },
}

for (const [what, { create, code = '', message = '' }] of Object.entries(failures)) {
  for (const marks of [0, 1, 2]) {
    t.test(`${what} fails the stream behind ${marks} marks, and nothing hangs`, async t => {
      const stream = new RenewedStream(create, marks > 0)
      const values = async function* () {
        for (let mark = 0; mark < marks; mark += 1) yield aMark()
        for (let n = 0; n < 40; n += 1) {
          yield { n }
          await turns(1)
        }
      }
      const failure = await failureOf(pipeline(values(), stream, toArray({ max: 99 })))
      t.match(failure, { message: new RegExp(message), ...(code ? { code: new RegExp(code) } : {}) })
      t.ok(stream.closed)
    })
  }
}

t.test('an error of a stream that is ended for a mark fails it, and the mark does not come', async t => {
  const stream = new RenewedStream((failures['an error at its end'] as { create: () => Duplex }).create)
  const seen: unknown[] = []
  stream.on('data', value => seen.push(value))
  stream.write(1)
  stream.write(aMark())
  const [error] = await once(stream, 'error')
  t.match(error, { message: 'boom' })
  t.strictSame(seen, [1])
})

t.test('an error that comes when the stream was let go does not crash the process', async t => {
  const made: Duplex[] = []
  const stream = new RenewedStream(() => {
    const inner = new PassThrough({ objectMode: true, autoDestroy: false })
    made.push(inner)
    return inner
  })
  const values = [1, aMark(), 2]
  t.strictSame(await through(stream, values), values)
  for (const inner of made) inner.emit('error', new Error('late'))
})

t.test('a create that fails: at once for the first stream, for a later one at its first value', async t => {
  let calls = 0
  const create = () => {
    calls += 1
    if (calls === 2) throw new Error('no more')
    return pass()
  }
  const failure = await failureOf(through(new RenewedStream(create), [1, aMark(), 2]))
  t.match(failure, { message: 'no more' })
  t.throws(
    () =>
      new RenewedStream(() => {
        throw new Error('none')
      }),
    { message: 'none' },
  )
})

t.test('a transform() that returns one stream again and again is told to make a new one', async t => {
  const one = pass()
  const [definition] = transform(() => one).definitions
  const { createStream } = definition as { createStream: () => Duplex }
  const failure = await failureOf(through(new RenewedStream(createStream), [1, aMark(), 2]))
  t.match(failure, {
    code: 'OPTION',
    message:
      'transform() create: expected it to return a new stream each time, received a stream (PassThrough) that was used',
  })
})

t.test('what comes out of one can go into another', async t => {
  const [a, b] = [aMark(), aMark()]
  const sink = toArray({ max: 999 })
  await pipeline(
    Readable.from(['one ', a, 'two ', 'three', b]),
    new RenewedStream(() => createGzip()),
    new RenewedStream(() => createGunzip()),
    new RenewedStream(batches(99)),
    sink,
  )
  const texts = sink.records.map(record =>
    record instanceof Mark ? record : Buffer.concat(record as Buffer[]).toString(),
  )
  t.strictSame(texts, ['one ', a, 'two three', b])
})
