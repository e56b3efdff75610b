import { PassThrough } from 'node:stream'
import t from 'tap'
import { compose, filter, map, run, toArray, transform } from '../../lib/index.ts'

t.test('several operators as one, each in the report by its own name', async t => {
  const sink = toArray<string>({ max: 9 })
  const report = await run(
    [1, 2, 3, 4],
    compose(
      filter((n: number) => n > 1),
      compose(
        map(n => n * 2),
        map(n => `${n}`),
      ),
    ),
    sink,
  )
  t.strictSame(sink.records, ['4', '6', '8'])
  t.strictSame(report.operators, [
    { name: 'filter', in: 4, out: 3 },
    { name: 'map', in: 3, out: 3 },
    { name: 'map', in: 3, out: 3 },
  ])
})

t.test("a user's stream may be among them", async t => {
  const sink = toArray<number>({ max: 9 })
  const report = await run(
    [1, 2, 3],
    compose(
      map((n: number) => n + 1),
      transform<number, number>(() => new PassThrough({ objectMode: true })),
      map(n => n * 10),
    ),
    sink,
  )
  t.strictSame(sink.records, [20, 30, 40])
  t.strictSame(
    report.operators.map(({ name }) => name),
    ['map', 'transform', 'map'],
  )
})

t.test('refuses nothing, and what is no operator, by its place', async t => {
  for (const [given, message] of [
    [[], 'compose(): expected at least one operator, received []'],
    [[map(() => 1), () => 2], 'compose() argument 2: expected an operator, received [Function (anonymous)]'],
    [[new PassThrough()], 'compose() argument 1: expected an operator, received a stream (PassThrough)'],
    [[[map(() => 1)]], /^compose\(\) argument 1: expected an operator, received \[/],
    [[toArray({ max: 1 })], 'compose() argument 1: expected an operator, received a stream (ArraySink)'],
  ] as const) {
    t.throws(() => (compose as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
  }
})
