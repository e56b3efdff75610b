import t from 'tap'
import { filter } from '../../lib/operators/filter.ts'
import { flatMap } from '../../lib/operators/flatMap.ts'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { sink } from '../../lib/sinks/sink.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { source } from '../../lib/sources/source.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'

/** An endless iterable; `state` says how far it was read and whether it was closed. */
function endless() {
  const state = { read: 0, closed: false }
  async function* later() {
    try {
      for (;;) yield state.read++
    } finally {
      state.closed = true
    }
  }
  function* now() {
    try {
      for (;;) yield state.read++
    } finally {
      state.closed = true
    }
  }
  return { state, later, now }
}

for (const kind of ['later', 'now'] as const) {
  t.test(`flatMap: an endless iterable (${kind}) is closed when a take after it has enough`, async t => {
    const { state, ...make } = endless()
    const sink = toArray({ max: 9 })
    await run([1], flatMap<number, number>(make[kind]), take(3), sink)
    t.strictSame(sink.records, [0, 1, 2])
    t.ok(state.closed)
    t.ok(state.read <= 5, `${state.read}`)
  })

  t.test(`flatMap: an iterable (${kind}) is closed when a stage after it fails`, async t => {
    const { state, ...make } = endless()
    const failure = await failureOf(
      run(
        [1],
        flatMap<number, number>(make[kind]),
        flatMap((n: number) => {
          if (n === 4) throw new Error('boom')
          return [n]
        }),
        toArray({ max: 9 }),
      ),
    )
    t.match(failure, { code: 'OPERATOR', problem: 'flatMap: boom' })
    t.ok(state.closed)
    t.ok(state.read <= 6, `${state.read}`)
  })
}

for (const [kind, isSaved] of [
  ['an asynchronous', false],
  ['a', false],
  ['a', true],
] as const) {
  const title = `flatMap: ${kind} generator is read no faster than the sink takes its items`
  t.test(`${title}${isSaved ? ', with a checkpoint' : ''}`, async t => {
    let [read, written, most] = [0, 0, 0]
    function* now() {
      for (; read < 500; read += 1) {
        most = Math.max(most, read - written)
        yield { read }
      }
    }
    async function* later() {
      yield* now()
    }
    const slow = sink('slow', async () => ({
      async write() {
        await new Promise(resolve => setImmediate(resolve))
        written += 1
      },
      flush: () => written,
    }))
    const one = source('one', async function* () {
      yield { position: 1, records: [1] }
    })
    const operator = flatMap<number, object>(kind === 'a' ? now : later)
    if (isSaved) await run(one, operator, slow, { checkpoint: `${t.testdir()}/checkpoint.json` })
    else await run([1], operator, slow)
    t.equal(written, 500)
    t.ok(most <= 10, `${most} items were read ahead`)
  })
}

t.test('flatMap: an abort closes an endless iterable', async t => {
  const { state, later } = endless()
  const controller = new AbortController()
  const failure = await failureOf(
    run(
      [1],
      flatMap(later),
      flatMap(async (n: number) => {
        if (n === 5) controller.abort(new Error('enough'))
        return [n]
      }),
      toArray({ max: 1_000_000 }),
      { signal: controller.signal },
    ),
  )
  t.match((failure as Error).message, 'enough')
  await new Promise(resolve => setImmediate(resolve))
  t.ok(state.closed)
})

t.test('flatMap: an abort from a timer ends an endless iterable of which nothing is kept', async t => {
  const { state, now } = endless()
  const controller = new AbortController()
  setImmediate(() => setImmediate(() => controller.abort(new Error('enough'))))
  const stages = [flatMap(now), filter(() => false), toArray({ max: 1 })] as const
  const failure = await failureOf(run([1], ...stages, { signal: controller.signal }))
  t.match((failure as Error).message, 'enough')
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setImmediate(resolve))
  t.ok(state.closed)
})

for (const [setting, through] of Object.entries(settings)) {
  t.test(`flatMap: a result that is not several values is an OPERATOR error, ${setting}`, async t => {
    for (const [result, shown] of [
      [undefined, 'a value of type undefined'],
      [null, 'null'],
      ['text', 'a value of type string'],
      [Promise.resolve('text'), 'a value of type string'],
      [{}, 'a value of type object'],
    ]) {
      const failure = await failureOf(through([{ guid: 'g' }], () => flatMap(() => result as never)))
      t.match(failure, {
        code: 'OPERATOR',
        message: `flatMap, lead g: the function must return an iterable, such as an array, but returned ${shown}`,
      })
    }
  })
}

t.test('flatMap: anything but a function is an OPTION error', async t => {
  t.throws(() => flatMap([1] as never), {
    code: 'OPTION',
    message: 'flatMap(): change: expected a function, received [ 1 ]',
  })
})
