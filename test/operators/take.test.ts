import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explode } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { peek } from '../../lib/operators/peek.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { pageAfterPage } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { settings } from '../support/settings.ts'

/** An endless source; `state` is how many values were pulled and whether it was closed. */
function endless() {
  const state = { pulled: 0, ended: false }
  async function* values() {
    try {
      for (;;) yield { n: state.pulled++, tags: ['a', 'b', 'c'] }
    } finally {
      state.ended = true
    }
  }
  return { state, values: values() }
}

type Value = { n: number; tags: string[] }
const own = <T>() => transform<T, T>(() => new PassThrough({ objectMode: true }))
const numbers = (records: unknown[]) => (records as Value[]).map(({ n }) => n)

/** Pipelines with `take`, the most values that they may pull, and what they emit. */
const places: Record<string, { stages: Operator<Value, Value>; most: number; expected: number[] }> = {
  alone: { stages: take(4), most: 8, expected: [0, 1, 2, 3] },
  'taking nothing': { stages: take(0), most: 3, expected: [] },
  'taking one': { stages: take(1), most: 3, expected: [0] },
  'after a filter': {
    stages: compose(
      filter((value: Value) => value.n % 3 === 2),
      take(2),
    ),
    most: 10,
    expected: [2, 5],
  },
  'after an asynchronous step': {
    stages: compose(
      map(async (value: Value) => {
        await new Promise(resolve => setImmediate(resolve))
        return value
      }),
      take(3),
    ),
    most: 3 + 40,
    expected: [0, 1, 2],
  },
  'in the middle of what one value explodes to': {
    stages: compose(
      explode<Value, 'tags', 'tag'>('tags', { as: 'tag' }),
      take(4),
      map(({ n }): Value => ({ n, tags: [] })),
    ),
    most: 5,
    expected: [0, 0, 0, 1],
  },
  'twice, the smaller one last': { stages: compose(take<Value>(5), take(3)), most: 8, expected: [0, 1, 2] },
  'twice, the smaller one first': { stages: compose(take<Value>(3), take(5)), most: 8, expected: [0, 1, 2] },
  'before an asynchronous step': {
    stages: compose(
      take<Value>(3),
      map(async value => value),
    ),
    most: 3 + 40,
    expected: [0, 1, 2],
  },
  "after a user's stream": { stages: compose(own<Value>(), take(3)), most: 3 + 80, expected: [0, 1, 2] },
  "before a user's stream": { stages: compose(take<Value>(3), own()), most: 8, expected: [0, 1, 2] },
  "between and around users' streams": {
    stages: compose(own<Value>(), take(6), own(), take(4), own(), take(2)),
    most: 2 + 200,
    expected: [0, 1],
  },
}

for (const [place, { stages, most, expected }] of Object.entries(places)) {
  t.test(`take: under run, ${place}, stops and closes the source, and emits all its values`, async t => {
    const { state, values } = endless()
    const sink = toArray<Value>({ max: 1_000 })
    const report = await run(values, stages, sink)
    t.strictSame(numbers(sink.records), expected)
    t.ok(state.pulled <= most, `${state.pulled} pulled, at most ${most}`)
    t.ok(state.ended)
    t.equal(report.records, expected.length)
  })
}

for (const [setting, through] of Object.entries(settings)) {
  t.test(`take: a source with fewer values is taken completely: ${setting}`, async t => {
    t.strictSame(await through([1, 2], () => take(2)), [1, 2])
    t.strictSame(await through([1, 2], () => take(3)), [1, 2])
    t.strictSame(await through([], () => take(0)), [])
    t.strictSame(await through([1, 2], () => take(0)), [])
    t.strictSame(await through([1, 2], () => take(Number.MAX_SAFE_INTEGER)), [1, 2])
  })
}

t.test(
  'take: values read ahead are not processed, so an invalid value after the last one does no harm',
  async t => {
    const values = [{ guid: '1' }, { guid: '2' }, { no: 'guid' }, { guid: '3' }]
    const looked: unknown[] = []
    const sink = toArray({ max: 9 })
    const report = await run(
      values,
      peek(value => looked.push(value)),
      validate(),
      map(async lead => lead),
      take(2),
      sink,
    )
    t.strictSame(sink.records, values.slice(0, 2))
    t.strictSame(looked, values.slice(0, 2))
    t.match(report, { records: 2 })
  },
)

for (const decode of ['express', 'stream-json'] as const) {
  t.test(
    `take: leads over HTTP, decoded by ${decode}: no more pages than needed, and the counts add up`,
    async t => {
      const given = someLeads(60, 2)
      const { origin, targets, connections } = await serveLeads(t, given)
      const client = openClient(t, origin)
      for (const count of [1, 7, 10, 11, 23]) {
        targets.length = 0
        const sink = toArray({ max: 99 })
        const source = pageAfterPage(client, { max: 10, decode, highWaterMark: 3 })
        const report = await run(
          source,
          map(async lead => lead),
          take(count),
          sink,
        )
        t.strictSame(sink.records, given.slice(0, count))
        t.equal(report.records, count)
        t.ok(targets.length <= Math.ceil((count + 30) / 10), `${count}: ${targets.length} pages`)
        t.ok(source.destroyed)
      }
      await client.close()
      t.equal(await eventually(connections, 0), 0)
    },
  )
}

t.test('take: an empty portal ends the run', async t => {
  const { origin } = await serveLeads(t, [])
  const report = await run(pageAfterPage(openClient(t, origin)), take(5), toArray({ max: 9 }))
  t.match(report, { read: 0, records: 0 })
})

t.test('take: a wrong count is an OPTION error', async t => {
  for (const [count, shown] of [
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['3', "'3'"],
    [undefined, 'undefined'],
    [2n, '2n'],
  ]) {
    t.throws(() => take(count as never), {
      code: 'OPTION',
      message: `take(): count: expected an integer, 0 or more, received ${shown}`,
    })
  }
})
