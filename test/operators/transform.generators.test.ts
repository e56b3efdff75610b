import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Report } from '../../lib/index.ts'
import { map } from '../../lib/operators/map.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const never = () => new Promise<never>(() => {})

/** Joins each value with the one before it. */
async function* inPairs(values: AsyncIterable<number>) {
  let before: number | undefined
  for await (const value of values) {
    if (before !== undefined) yield [before, value]
    before = value
  }
}

t.test('transform(): an async generator, or any function that returns an async iterable, works', async t => {
  for (const [what, create] of Object.entries({
    'a generator function': inPairs,
    'an arrow function that returns its generator': (values: AsyncIterable<number>) => inPairs(values),
    'a function that returns a Readable': (values: AsyncIterable<number>) => Readable.from(inPairs(values)),
  })) {
    const sink = toArray<number[]>({ max: 9 })
    const report: Report = await run([1, 2, 3], transform<number, number[]>(create), sink)
    t.strictSame(
      sink.records,
      [
        [1, 2],
        [2, 3],
      ],
      what,
    )
    t.strictSame(report.operators, [{ name: 'transform', in: 3, out: 2, own: {} }], what)
  }
})

t.test('transform(): the iterator of the records is that of a loop, and nothing else', async t => {
  t.plan(1)
  const create = (records: AsyncIterable<number>) => {
    t.strictSame(Reflect.ownKeys(records), [Symbol.asyncIterator], 'they are no options of a stream')
    return inPairs(records)
  }
  await run([1], transform(create), toArray({ max: 9 }))
})

t.test('transform(): a generator reads no further while there is no room after it', async t => {
  let read = 0
  const counting = transform(async function* (values: AsyncIterable<number>) {
    for await (const value of values) {
      read += 1
      yield value
    }
  })
  const controller = new AbortController()
  const blocked = run(
    Array.from({ length: 500 }, (_, n) => n),
    counting,
    map(() => never()),
    toArray({ max: 500 }),
    { signal: controller.signal },
  )
  await turns(50)
  t.ok(read > 0 && read < 100, `${read} values were read`)
  controller.abort()
  await failureOf(blocked)
})

/** How a generator behaves when its run is over. */
interface Behaviour {
  what: string
  /** What the generator waits for after its first value. */
  wait: (values: AsyncIterable<number>) => Promise<unknown>
}
const waits: Behaviour[] = [
  { what: 'waits for a record', wait: values => values[Symbol.asyncIterator]().next() },
  { what: 'waits for the event loop', wait: () => setImmediate() },
]

/** A source that never ends. */
async function* endless() {
  for (let n = 0; n < 3; n += 1) yield n
  await never()
}

for (const { what, wait } of waits) {
  t.test(`transform(): a generator that ${what} runs its finally blocks when the run ends early`, async t => {
    const ends: string[] = []
    const create = () =>
      transform(async function* (values: AsyncIterable<number>) {
        try {
          yield 'first'
          for (;;) {
            await wait(values)
            yield 'another'
          }
        } finally {
          ends.push('finally')
        }
      })
    await run(endless(), create(), take(1), toArray({ max: 9 }))
    await turns(3)
    t.strictSame(ends, ['finally'], 'take() after it')
    const controller = new AbortController()
    const aborted = run(endless(), create(), toArray({ max: 9_999 }), { signal: controller.signal })
    await turns(5)
    controller.abort()
    await failureOf(aborted)
    await turns(3)
    t.strictSame(ends, ['finally', 'finally'], 'an abort')
  })
}

t.test('transform(): a run that ends does not wait for a generator that never settles', async t => {
  const stuck = () =>
    transform(async function* () {
      yield 'first'
      await never()
    })
  t.match(await run(endless(), stuck(), take(1), toArray({ max: 9 })), { records: 1 })
  const controller = new AbortController()
  const aborted = failureOf(run([1, 2], stuck(), toArray({ max: 9 }), { signal: controller.signal }))
  await turns(5)
  controller.abort()
  t.match(await aborted, { name: 'AbortError' })
})
