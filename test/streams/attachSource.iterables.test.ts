import t from 'tap'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'
import { batchesOf, openSource } from './openSource.ts'

const boom = new Error('boom')
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** An endless iterable of numbers; `state` is how often it was pulled and closed. */
function endless() {
  const state = { pulled: 0, returned: 0 }
  const iterable = {
    *[Symbol.iterator]() {
      try {
        for (;;) yield state.pulled++
      } finally {
        state.returned += 1
      }
    },
  }
  return { state, iterable }
}

t.test('an iterable source delivers all values in order, in batches of at most 64', async t => {
  for (const count of [0, 1, 63, 64, 65, 130]) {
    const { batches, failure } = await batchesOf(openSource(numbers(count)))
    t.equal(failure, undefined)
    t.strictSame(batches.flat(), numbers(count))
    t.ok(batches.every(batch => batch.length <= 64))
    t.ok(batches.length <= Math.floor(count / 64) + 1)
  }
})

t.test('an iterable source may be a set, a map, a generator or any iterable object', async t => {
  const object = {
    *[Symbol.iterator]() {
      yield* ['a', 'b']
    },
  }
  for (const [iterable, expected] of [
    [new Set(['a', 'b']), ['a', 'b']],
    [new Map([['a', 1]]), [['a', 1]]],
    [object[Symbol.iterator](), ['a', 'b']],
    [object, ['a', 'b']],
    [
      [undefined, 0, '', false],
      [undefined, 0, '', false],
    ],
    [Buffer.from('abc'), [Buffer.from('abc')]],
    [new Uint8Array([1, 2]), [1, 2]],
  ] as [Iterable<unknown>, unknown[]][]) {
    t.strictSame((await batchesOf(openSource(iterable))).batches.flat(), expected)
  }
})

t.test('an iterable source pulls one value at a time, each after the one before was processed', async t => {
  const { state, iterable } = endless()
  const { source } = openSource(iterable)
  t.equal(state.pulled, 0, 'open pulls nothing')
  const batch = await source.next()
  t.equal(state.pulled, 0, 'next pulls nothing')
  let seen = 0
  for (const item of batch?.items ?? []) {
    t.equal(item, seen)
    seen += 1
    t.equal(state.pulled, seen)
    if (seen === 10) break
  }
  t.equal(state.returned, 0, 'leaving a batch does not close the iterable')
  await source.close(batch, seen)
  await source.close(batch, seen)
  t.strictSame(state, { pulled: 10, returned: 1 }, 'closing the source closes it, once')
})

t.test('an iterable source can be opened any number of times', async t => {
  const values = [1, 2, 3]
  for (let use = 0; use < 3; use += 1) {
    t.strictSame((await batchesOf(openSource(values))).batches.flat(), values)
  }
})

t.test('an iterable source awaits the promises in it, in order', async t => {
  const later = async (n: number) => {
    await turns(n % 3)
    return n
  }
  const values = [1, later(2), 3, later(4), later(5), 6]
  const { batches } = await batchesOf(openSource(values))
  t.strictSame(batches.flat(), [1, 2, 3, 4, 5, 6])
})

t.test(
  'an iterable source refuses null, and a promise of null, after it has delivered the values before',
  async t => {
    for (const nothing of [null, Promise.resolve(null)]) {
      const { batches, failure } = await batchesOf(openSource([1, 2, nothing, 3]))
      t.strictSame(batches.flat(), [1, 2])
      t.match(failure, { message: "it yielded null, which a Node stream can't carry" })
    }
  },
)

t.test('an iterable source that fails delivers the values before, then throws its error', async t => {
  const failing: Record<string, () => Iterable<unknown>> = {
    'a generator that throws': function* () {
      yield* [1, 2]
      throw boom
    },
    'a promise that rejects': () => [1, 2, Promise.reject(boom)],
  }
  for (const [what, make] of Object.entries(failing)) {
    const { batches, failure } = await batchesOf(openSource(make()))
    t.strictSame(batches.flat(), [1, 2], what)
    t.equal(failure, boom, what)
  }
  const none = {
    [Symbol.iterator]() {
      throw boom
    },
  }
  t.match(await failureOf(run(none as never, toArray({ max: 9 }))), { code: 'SOURCE', cause: boom })
})

t.test('an iterable source that is closed before its first value is never started', async t => {
  const { state, iterable } = endless()
  const { source } = openSource(iterable)
  await source.close(undefined, 0)
  t.strictSame(state, { pulled: 0, returned: 0 })
})

t.test('an iterable source that has ended is not closed again', async t => {
  let returned = 0
  const iterable = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: true, value: undefined }),
      return() {
        returned += 1
        return { done: true, value: undefined }
      },
    }),
  }
  const opened = openSource(iterable as Iterable<unknown>)
  t.strictSame((await batchesOf(opened)).batches.flat(), [])
  await opened.source.close(undefined, 0)
  t.equal(returned, 0)
})

t.test('an iterable source cannot be resumed: it has no position, and nothing to save', async t => {
  const { source } = openSource([1, 2])
  const batch = await source.next()
  t.equal(batch?.positionAfter(1), undefined)
  t.equal(source.save(batch, 1), undefined)
})

const fail = () => {
  throw boom
}

/** Sources that fail when they are closed before their end. */
const failingWhenClosed: Record<string, () => Iterable<number> | AsyncIterable<number>> = {
  'a generator': function* () {
    try {
      yield 1
      yield 2
    } finally {
      fail()
    }
  },
  'an async generator': async function* () {
    try {
      yield 1
      yield 2
    } finally {
      fail()
    }
  },
  'an iterator': () => ({
    [Symbol.iterator]: () => ({
      next: () => ({ done: false as const, value: 1 }),
      return() {
        throw boom
      },
    }),
  }),
  'an async iterator': () => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: 1 }),
      return() {
        throw boom
      },
    }),
  }),
}

for (const [what, make] of Object.entries(failingWhenClosed)) {
  t.test(`${what} that fails when it is closed does not fail a run that has all its values`, async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    t.match(await run(make(), take(1), toArray({ max: 9 })), { read: 1, records: 1 })
    await turns(2)
    t.strictSame(unhandled, [])
  })
}

t.test('an async iterable source is pulled only after the value before was processed', async t => {
  const state = { pulled: 0, ended: false }
  async function* values() {
    try {
      for (;;) yield state.pulled++
    } finally {
      state.ended = true
    }
  }
  const { source } = openSource(values())
  await turns(3)
  t.equal(state.pulled, 0)
  for (const expected of [0, 1, 2]) {
    const batch = await source.next()
    t.strictSame([...(batch?.items ?? [])], [expected])
    await turns(3)
    t.equal(state.pulled, expected + 1, 'no value is read ahead')
  }
  await source.close(undefined, 0)
  await turns(1)
  t.ok(state.ended)
})

t.test('an async iterable source that throws, or yields null, delivers the values before', async t => {
  async function* failing(end: () => unknown) {
    yield 1
    yield 2
    yield end()
  }
  const throwing = await batchesOf(
    openSource(
      failing(() => {
        throw boom
      }),
    ),
  )
  t.strictSame(throwing, { batches: [[1], [2]], failure: boom })
  const nothing = await batchesOf(openSource(failing(() => null)))
  t.strictSame(nothing.batches, [[1], [2]])
  t.match(nothing.failure, { message: "it yielded null, which a Node stream can't carry" })
})

t.test('an async iterable source is closed without waiting for its pending value', async t => {
  async function* hanging() {
    yield 1
    await new Promise(() => {})
  }
  const { source } = openSource(hanging())
  await source.next()
  void source.next()
  await t.resolves(source.close(undefined, 0), 'close resolves while next is pending')
})

t.test('a web stream is a source, and is cancelled when the run has all its values', async t => {
  let cancelled = false
  const web = new ReadableStream({
    start(controller) {
      for (const n of [1, 2, 3]) controller.enqueue(n)
    },
    cancel() {
      cancelled = true
    },
  })
  const sink = toArray({ max: 9 })
  await run(web as unknown as AsyncIterable<unknown>, take(2), sink)
  t.strictSame(sink.records, [1, 2])
  await turns(2)
  t.ok(cancelled)
})
