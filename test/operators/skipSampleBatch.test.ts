import fc from 'fast-check'
import t from 'tap'
import { batch } from '../../lib/operators/batch.ts'
import { compose } from '../../lib/operators/compose.ts'
import { sample } from '../../lib/operators/sample.ts'
import { skip } from '../../lib/operators/skip.ts'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { runWithRestarts } from './runWithRestarts.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

const sampled = async (options: Parameters<typeof sample>[0], count: number) =>
  (await runWithRestarts([], upTo(count), () => sample(options))).out as number[]

t.test('skip: any count, and as the other half of take', async t => {
  for (const count of [0, 1, 9, 10, 11, Number.MAX_SAFE_INTEGER]) {
    const { out } = await runWithRestarts([], upTo(10), () => skip(count))
    t.strictSame(out, upTo(10).slice(count))
  }
  const sink = toArray({ max: 9 })
  await run(upTo(100), compose(skip<number>(5), take(3)), sink)
  t.strictSame(sink.records, [5, 6, 7])
})

t.test('skip: a wrong count is an OPTION error', async t => {
  for (const count of [-1, 0.5, '1', undefined]) {
    t.throws(() => skip(count as never), { code: 'OPTION', context: { owner: 'skip()', option: 'count' } })
  }
})

t.test('sample: a share is about that share, in any part of the stream, and depends on the seed', async t => {
  for (const share of [0.01, 0.1, 0.5, 0.9]) {
    const kept = await sampled({ share, seed: 7 }, 40_000)
    for (const from of [0, 20_000]) {
      const part = kept.filter(n => n >= from && n < from + 20_000).length / 20_000
      t.ok(Math.abs(part - share) < 5 * Math.sqrt((share * (1 - share)) / 20_000), `${share}: ${part}`)
    }
  }
  t.strictSame(await sampled({ share: 0 }, 100), [])
  t.strictSame(await sampled({ share: 1 }, 100), upTo(100))
  const [one, same, other] = [
    await sampled({ share: 0.5, seed: 1 }, 200),
    await sampled({ share: 0.5 }, 200),
    await sampled({ share: 0.5, seed: 2 }, 200),
  ]
  t.strictSame(one, same)
  t.notSame(one, other)
})

t.test('sample: places beyond 32 bits are mixed too', async t => {
  const operator = sample({ share: 0.5 })
  const { out } = await runWithRestarts([], upTo(200), () => operator)
  t.notSame(out, [])
  const [definition] = (await import('../../lib/streams/attach.ts').then(
    ({ recipe }) => operator[recipe],
  )) as unknown as [
    { create(): { restore(n: number): void; step(v: number, emit: (v: number) => void): void } },
  ]
  const instance = definition.create()
  instance.restore(2 ** 32)
  const later: number[] = []
  for (const n of upTo(200)) instance.step(n, value => later.push(value))
  t.notSame(later, out)
  t.ok(later.length > 60 && later.length < 140)
})

t.test('sample: wrong options are OPTION errors', async t => {
  for (const [options, message] of [
    [undefined, 'sample(): expected either every or share, received undefined'],
    [{}, 'sample(): expected either every or share, received {}'],
    [{ every: 2, share: 0.5 }, 'sample(): expected either every or share, received { every: 2, share: 0.5 }'],
    [{ every: 0 }, 'sample(): every: expected an integer, 1 or more, received 0'],
    [{ share: 2 }, 'sample(): share: expected a number from 0 to 1, received 2'],
    [{ every: 2, seed: 3 }, 'sample(): seed: expected none with every 2, received 3'],
    [{ share: 0.5, seed: -1 }, 'sample(): seed: expected an integer from 0 to 4294967295, received -1'],
  ])
    t.throws(() => sample(options as never), { code: 'OPTION', message })
})

t.test('batch: whatever the sizes, no value is lost or moved, and no batch is too large', async t => {
  const property = fc.asyncProperty(
    fc.array(
      fc.oneof(
        fc.string(),
        fc.jsonValue().filter(value => value !== null),
      ),
    ),
    fc.integer({ min: 1, max: 5 }),
    fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    async (values, count, bytes) => {
      const { out } = await runWithRestarts([], values, () => batch({ count, bytes }))
      t.strictSame(out.flat(1), values)
      for (const values of out as unknown[][]) {
        const size = values.reduce<number>((sum, value) => sum + Buffer.byteLength(JSON.stringify(value)), 0)
        t.ok(values.length >= 1 && values.length <= count)
        t.ok(bytes === undefined || values.length === 1 || size <= bytes)
      }
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

t.test('batch: the report says how many values it batched, and the numbers add up', async t => {
  const sink = toArray({ max: 9 })
  const { operators } = await run(upTo(10), batch({ count: 4 }), sink)
  t.strictSame(operators, [{ name: 'batch', in: 10, out: 3, own: { batched: 10 } }])
  const early = await run(upTo(10), batch<number>({ count: 4 }), take(1), toArray({ max: 9 }))
  t.match(early.operators[0], { out: 1, own: { batched: 4 } })
})

t.test(
  'batch: with a checkpoint, a value that JSON would change fails the save instead of being changed',
  async t => {
    await t.rejects(
      runWithRestarts([1], [{ at: new Date(0) }, {}], () => batch({ count: 5 })),
      {
        code: 'OPERATOR',
        message: 'batch: what save() returns must be plain JSON, found an object of class Date',
      },
    )
  },
)

t.test('batch: a value without JSON fails with OPERATOR if bytes are counted', async t => {
  for (const value of [() => 1, 1n])
    await t.rejects(run([value], batch({ count: 2, bytes: 9 }), toArray({ max: 1 })), { code: 'OPERATOR' })
})

t.test('batch: wrong options are OPTION errors', async t => {
  for (const [options, message] of [
    [undefined, 'batch(): count: expected an integer from 1 to 100000, received none'],
    [{ bytes: 3 }, 'batch(): count: expected an integer from 1 to 100000, received none'],
    [{ count: 0 }, 'batch(): count: expected an integer from 1 to 100000, received 0'],
    [{ count: 1, bytes: 0 }, 'batch(): bytes: expected an integer, 1 or more (bytes), received 0'],
  ])
    t.throws(() => batch(options as never), { code: 'OPTION', message })
})
