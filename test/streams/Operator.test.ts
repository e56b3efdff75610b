import { once } from 'node:events'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { compose } from '../../lib/operators/compose.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const used = {
  code: 'OPTION',
  message: /expected an operator that was not used before, received the operator map; create a new one/,
}

const sources: Record<string, (values: unknown[]) => Iterable<unknown> | AsyncIterable<unknown>> = {
  'a Readable': values => Readable.from(values),
  'an array': values => values,
  'an async generator': async function* (values) {
    yield* values
  },
}

for (const [what, source] of Object.entries(sources)) {
  t.test(
    `Operator: used in two pipelines in sequence, from ${what}, it is an error and does not hang`,
    async t => {
      const once = map(value => value)
      await pipeline(source([1, 2]), once, toArray({ max: 9 }))
      for (const values of [[3, 4], []]) {
        const failure = await failureOf(pipeline(source(values), once, toArray({ max: 9 })))
        // Since Node 24, pipe() itself refuses a destroyed stream.
        if ((failure as NodeJS.ErrnoException).code !== 'ERR_STREAM_UNABLE_TO_PIPE') t.match(failure, used)
      }
    },
  )
}

t.test('Operator: used in two pipelines at once, it is an error, and the first keeps its values', async t => {
  const twice = map(value => value)
  const [a, b] = [toArray({ max: 9 }), toArray({ max: 9 })]
  const [first, second] = await Promise.allSettled([
    pipeline(Readable.from([1, 2, 3]), twice, a),
    pipeline(Readable.from(['x', 'y']), twice, b),
  ])
  t.equal(first.status, 'fulfilled')
  t.match(second, { status: 'rejected', reason: used })
  t.strictSame(a.records, [1, 2, 3])
  t.strictSame(b.records, [])
})

t.test('Operator: used twice in one pipeline, it is an error', async t => {
  const twice = map(value => value)
  t.match(await failureOf(pipeline(Readable.from([1]), twice, twice, toArray({ max: 9 }))), used)
})

t.test('Operator: in run and in compose it may be used any number of times', async t => {
  const plus = map((n: number) => n + 1)
  for (let use = 0; use < 2; use += 1) {
    const sink = toArray<number>({ max: 9 })
    await run([1, 2], plus, compose(plus, compose(plus)), plus, sink)
    t.strictSame(sink.records, [5, 6])
  }
})

t.test('Operator: in compose it has fresh state for each use', async t => {
  const number = operator<string, string>({
    name: 'number',
    create() {
      let n = 0
      return {
        step(value, emit) {
          n += 1
          emit(`${n}${value}`)
        },
      }
    },
  })
  const both = compose(number, compose(number))
  for (let use = 0; use < 3; use += 1) {
    const sink = toArray<string>({ max: 9 })
    await run(['a', 'b'], both, sink)
    t.strictSame(sink.records, ['11a', '22b'])
  }
})

t.test('Operator: after done, a plain pipeline reads the rest of the source and ignores it', async t => {
  let pulled = 0
  let steps = 0
  const sink = toArray({ max: 9 })
  await pipeline(
    Readable.from(
      (function* () {
        while (pulled < 500) yield pulled++
      })(),
    ),
    compose(
      map(n => {
        steps += 1
        return n
      }),
      take(3),
    ),
    sink,
  )
  t.strictSame(sink.records, [0, 1, 2])
  t.equal(pulled, 500)
  t.equal(steps, 3)
})

t.test('Operator: transform() in a plain pipeline is an OPTION error with a hint', async t => {
  for (const make of [
    () => transform(() => new PassThrough()),
    () => compose(transform<unknown, unknown>(() => new PassThrough())),
  ]) {
    t.match(await failureOf(pipeline([1], make(), toArray({ max: 9 }))), {
      code: 'OPTION',
      message:
        'pipeline(): expected operators other than transform(), which needs run(), received the operator transform; use the stream, or the generator function, in place of transform()',
    })
  }
})

t.test('Operator: it applies backpressure to its writer while its reader is full', async t => {
  let steps = 0
  const slow = filter(() => {
    steps += 1
    return true
  })
  let written = 0
  while (slow.write(written)) written += 1
  await turns(20)
  const limit = slow.readableHighWaterMark + slow.writableHighWaterMark
  t.ok(steps <= limit, `${steps} steps for a reader who reads nothing`)
  slow.resume()
  await once(slow, 'drain')
  t.ok(slow.writableNeedDrain === false)
  slow.destroy()
})

t.test(
  'Operator: one that is destroyed during an asynchronous step ends, and that step emits nothing',
  async t => {
    let finishStep: () => void = () => {}
    const waiting = map(async value => {
      await new Promise<void>(resolve => {
        finishStep = resolve
      })
      return value
    })
    const failing = failureOf(pipeline(Readable.from([1]), waiting, toArray({ max: 9 })))
    await turns(3)
    waiting.destroy(new Error('stop'))
    t.match(await failing, { message: 'stop' })
    finishStep()
    await turns(3)
    t.equal(waiting.readableLength, 0)
  },
)

t.test(
  'Operator: map() with several calls at a time reads ahead of its reader no further than one',
  async t => {
    for (const concurrency of [1, 4]) {
      let calls = 0
      const looked = map(
        async value => {
          calls += 1
          await turns(1)
          return value
        },
        { concurrency },
      )
      const source = Readable.from(Array.from({ length: 500 }, (_, n) => n))
      source.pipe(looked)
      await turns(1_500)
      const limit = looked.readableHighWaterMark + concurrency
      t.ok(calls <= limit, `${calls} calls for a reader who reads nothing`)
      t.strictSame(
        await looked.toArray(),
        Array.from({ length: 500 }, (_, n) => n),
      )
    }
  },
)

t.test('Operator: one that is destroyed aborts the calls of its map()', async t => {
  const signals: AbortSignal[] = []
  const waiting = map(
    (_value, { signal }) => {
      signals.push(signal)
      return new Promise<unknown>(() => {})
    },
    { concurrency: 4 },
  )
  const failing = failureOf(pipeline(Readable.from([1, 2, 3]), waiting, toArray({ max: 9 })))
  await turns(3)
  waiting.destroy(new Error('stop'))
  t.match(await failing, { message: 'stop' })
  t.strictSame(
    signals.map(signal => signal.aborted),
    [true, true, true],
  )
})

t.test('Operator: counts has the input and output of each part, from the start', async t => {
  const odd = compose(
    filter((n: number) => n % 2 === 1),
    map(n => [n]),
  )
  t.strictSame(odd.counts, [
    { name: 'filter', in: 0, out: 0, own: {} },
    { name: 'map', in: 0, out: 0, own: {} },
  ])
  await pipeline([1, 2, 3], odd, toArray({ max: 9 }))
  t.strictSame(odd.counts, [
    { name: 'filter', in: 3, out: 2, own: {} },
    { name: 'map', in: 2, out: 2, own: {} },
  ])
})

t.test(
  'Operator: a value that the next stream refuses is an error of the pipeline, not of the process',
  async t => {
    const bytesOnly = new Writable({ write: (_bytes, _encoding, callback) => callback() })
    const failure = await failureOf(
      pipeline(
        Readable.from([{ a: 1 }]),
        map(value => value),
        bytesOnly,
      ),
    )
    t.match(failure, { code: 'ERR_INVALID_ARG_TYPE' })
  },
)

t.test('Operator: values that it holds back are emitted before the end of a plain pipeline', async t => {
  const sum = operator<number>({
    name: 'sum',
    create() {
      let total = 0
      return {
        step: n => {
          total += n
        },
        async flush(emit) {
          await turns(2)
          emit(total)
        },
      }
    },
  })
  const sink = toArray({ max: 9 })
  await pipeline([1, 2, 3], sum, sink)
  t.strictSame(sink.records, [6])
})

t.test(
  'Operator: a flush that fails, synchronously or not, fails a plain pipeline with OPERATOR',
  async t => {
    const boom = new Error('boom')
    for (const flush of [
      () => {
        throw boom
      },
      () => Promise.reject(boom),
    ]) {
      const failing = operator<number>('failing', () => {}, flush)
      t.match(await failureOf(pipeline([1], failing, toArray({ max: 9 }))), {
        code: 'OPERATOR',
        message: 'failing: boom',
        cause: boom,
      })
    }
  },
)
