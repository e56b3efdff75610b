import { PassThrough, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import type { AnySink, Operator, RunError, Sink } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { branch } from '../../lib/sinks/branch.ts'
import { sink as ownSink } from '../../lib/sinks/sink.ts'
import { tee } from '../../lib/sinks/tee.ts'
import { type ArraySink, toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { processEvents } from '../support/processEvents.ts'
import { receive } from '../support/receive.ts'
import { Workplace } from '../support/Workplace.ts'

const sink = <T = number>() => toArray<T>({ max: 1_000 })
const add = (n: number) => map((value: number) => value + n)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

t.test('tee: each output gets every record, and the report has the numbers of each', async t => {
  const [all, even, texts] = [sink(), sink(), sink<string>()]
  const report = await run(
    numbers(10),
    add(1),
    tee(
      all,
      branch(
        filter((n: number) => n % 2 === 0),
        even,
      ),
      branch(
        add(100),
        map((n: number) => String(n)),
        texts,
      ),
    ),
  )
  t.strictSame(all.records, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  t.strictSame(even.records, [2, 4, 6, 8, 10])
  t.strictSame(texts.records.slice(0, 2), ['101', '102'])
  t.match(report, {
    read: 10,
    records: 25,
    operators: [{ name: 'map', in: 10, out: 10 }],
    sink: { received: 25, acknowledged: 25, bytes: 0 },
  })
  t.strictSame(report.outputs, [
    { name: 'toArray', received: 10, acknowledged: 10, bytes: 0, operators: [] },
    {
      name: 'toArray',
      operators: [{ name: 'filter', in: 10, out: 5, own: {} }],
      received: 5,
      acknowledged: 5,
      bytes: 0,
    },
    {
      name: 'toArray',
      operators: [
        { name: 'map', in: 10, out: 10, own: {} },
        { name: 'map', in: 10, out: 10, own: {} },
      ],
      received: 10,
      acknowledged: 10,
      bytes: 0,
    },
  ])
})

t.test('run: a single sink has no outputs in the report, and a branch as the sink has one', async t => {
  t.notOk('outputs' in (await run([1], sink())))
  const report = await run([1, 2], branch(take(1), sink()))
  t.match(report, { records: 1, outputs: [{ operators: [{ name: 'take' }], received: 1 }] })
})

t.test('tee: the outputs share the records', async t => {
  const [first, second] = [sink<object>(), sink<object>()]
  await run([{ a: 1 }], tee(first, second))
  t.equal(first.records[0], second.records[0])
})

t.test('tee: a next record waits for the slowest output', async t => {
  let hasRoom = () => {}
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write: (_record, _encoding, callback) => {
      hasRoom = callback
    },
  })
  const pulled: number[] = []
  const source = (function* () {
    for (const n of numbers(5)) {
      pulled.push(n)
      yield n
    }
  })()
  const fast = sink()
  const running = run(source, tee(fast, slow))
  for (let n = 1; n <= 5; n += 1) {
    while (fast.records.length < n) await new Promise(setImmediate)
    await new Promise(setImmediate)
    t.equal(fast.records.length, n)
    hasRoom()
  }
  t.match(await running, { records: 10, outputs: [{ received: 5 }, { received: 5 }] })
})

/** A tree of outputs: operators by name, then a sink or outputs. */
interface Tree {
  operators: (keyof typeof operators)[]
  outputs: Tree[]
}

const operators = {
  add: () => add(1),
  later: () => map(async (n: number) => n * 2),
  odd: () => filter((n: number) => n % 2 !== 0),
  take: () => take<number>(3),
  twice: () =>
    operator<number, number>('twice', (n, emit) => {
      emit(n)
      emit(n)
    }),
  pairs: () =>
    operator<number, number>({
      name: 'pairs',
      create() {
        let held: number | undefined
        return {
          step(n, emit) {
            if (held === undefined) held = n
            else {
              emit(held + n)
              held = undefined
            }
          },
          flush: emit => {
            if (held !== undefined) emit(held)
          },
        }
      },
    }),
  through: () => transform<number, number>(() => new PassThrough({ objectMode: true })),
}

const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.record({
    operators: fc.array(fc.constantFrom(...(Object.keys(operators) as Tree['operators'])), { maxLength: 3 }),
    outputs: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant<Tree[]>([]),
      fc.array(tie('tree') as fc.Arbitrary<Tree>, { minLength: 1, maxLength: 3 }),
    ),
  }),
}))

const make = (names: Tree['operators']) => names.map(name => operators[name]()) as Operator<number, number>[]
const anyBranch = branch as (...stages: unknown[]) => Sink<number>
const anyRun = run as (...stages: unknown[]) => ReturnType<typeof run>

/** The sink of a tree; its leaves are added to `leaves`, each with the operators before it. */
function sinkOf(
  { operators, outputs }: Tree,
  leaves: [ArraySink<number>, Tree['operators']][],
  before: Tree['operators'] = [],
): AnySink<number> {
  const path = [...before, ...operators]
  if (outputs.length > 0)
    return anyBranch(...make(operators), tee(...outputs.map(output => sinkOf(output, leaves, path))))
  const leaf = sink()
  leaves.push([leaf, path])
  return anyBranch(...make(operators), leaf)
}

t.test('tee: each leaf of any tree gets what a run of its operators alone gives', async t => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.nat(9), { maxLength: 12 }), async (root, values) => {
      const leaves: [ArraySink<number>, Tree['operators']][] = []
      const report = await anyRun(values, tee(sinkOf(root, leaves)))
      let records = 0
      for (const [leaf, path] of leaves) {
        const alone = sink()
        await anyRun(values, ...make(path), alone)
        t.strictSame(leaf.records, alone.records, JSON.stringify({ root, values, path }))
        records += leaf.records.length
      }
      t.equal(report.records, records)
    }),
    { numRuns: 150 },
  )
})

t.test('tee: in a plain pipeline, each leaf of any tree gets the same', async t => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.nat(9), { maxLength: 12 }), async (root, values) => {
      const leaves: [ArraySink<number>, Tree['operators']][] = []
      const output = tee(sinkOf(root, leaves))
      await pipeline(values, output)
      for (const [leaf, path] of leaves) {
        const alone = sink()
        await anyRun(values, ...make(path), alone)
        t.strictSame(leaf.records, alone.records, JSON.stringify({ root, values, path }))
        t.ok(leaf.writableFinished)
      }
      const received = leaves.reduce((sum, [leaf]) => sum + leaf.records.length, 0)
      t.strictSame(output.counts, { received, acknowledged: received, bytes: 0 })
    }),
    { numRuns: 100 },
  )
})

t.test('tee: a branch that is done takes no more, and the run ends when all are done', async t => {
  let pulled = 0
  const source = (function* () {
    for (;;) {
      pulled += 1
      yield pulled
    }
  })()
  const [two, four] = [sink(), sink()]
  const report = await run(source, tee(branch(take(2), two), branch(add(0), tee(branch(take(4), four)))))
  t.strictSame(
    [two.records, four.records],
    [
      [1, 2],
      [1, 2, 3, 4],
    ],
  )
  t.ok(pulled < 200, 'the source was ended')
  t.match(report.outputs, [
    { operators: [{ name: 'take', in: 4, out: 2, unused: 2 }] },
    { outputs: [{ operators: [{ in: 4, out: 4 }] }] },
  ])
})

t.test('tee: an output that fails fails the run, and the other outputs are removed', async t => {
  const work = new Workplace(t)
  const failing = () =>
    map(() => {
      throw new Error('boom')
    })
  const outcome = run([1, 2], tee(toFile(work.file('a.ndjson')), branch(failing(), sink())))
  t.match(await failureOf(outcome), { code: 'OPERATOR', message: 'map: boom' })
  const full = toArray<number>({ max: 1 })
  const error = await failureOf(run([1, 2], tee(toFile(work.file('a.ndjson')), branch(add(1), full))))
  t.match(error, { code: 'SINK', report: { outputs: [{ received: 2 }, { received: 2 }] } })
  t.strictSame(work.names, [])
})

t.test(
  'tee: a branch of onError drop is dropped with its output, and the report names the error',
  async t => {
    const work = new Workplace(t)
    const failing = map((n: number) => {
      if (n === 3) throw new Error('no three')
      return n
    })
    const all = sink()
    const report = await run(
      numbers(6),
      tee(all, branch(failing, toFile(work.file('a.ndjson')), { onError: 'drop' })),
    )
    t.strictSame(all.records, numbers(6))
    t.strictSame(work.names, [])
    t.equal(report.records, 6)
    t.strictSame(report.sink, { name: 'tee', received: 6, acknowledged: 6, bytes: 0 })
    t.match(report.outputs, [
      { received: 6 },
      { received: 3, acknowledged: 0, operators: [{ name: 'map', in: 4, out: 3 }], dropped: 'map: no three' },
    ])
    t.notOk(report.outputs?.some((output, index) => index === 0 && 'dropped' in output))
  },
)

t.test('tee: a branch is dropped when its sink refuses a record, also after the last record', async t => {
  const { origin } = await receive(t, (_arrival, response) => void response.writeHead(400).end())
  for (const batch of [{ records: 1 }, { records: 100 }]) {
    const all = sink()
    const http = toHttp<number>(origin, { batch, retry: { retries: 0 } })
    const report = await run(numbers(6), tee(all, branch(add(0), http, { onError: 'drop' })))
    t.strictSame(all.records, numbers(6))
    t.match(report.outputs, [{ received: 6 }, { dropped: /it answered 400/ }])
    t.ok(http.destroyed && !http.writableFinished)
  }
})

t.test('tee: a sink of your own that fails is dropped, and its end is called once', async t => {
  const calls: string[] = []
  const own = ownSink<number>('own', () => ({
    async write(n) {
      if (n === 2) throw new Error('full')
    },
    end: how => void calls.push(how),
  }))
  const report = await run(numbers(6), tee(branch(add(0), own, { onError: 'drop' }), sink()))
  t.match(report, { records: 6, outputs: [{ name: 'own', dropped: /full/ }, { received: 6 }] })
  t.strictSame(calls, ['discard'])
})

t.test('tee: a branch is dropped when its stream closes while records wait for room', async t => {
  const stuck = new Writable({ objectMode: true, highWaterMark: 1, write() {} })
  const all = sink()
  const running = run(numbers(6), tee(branch(add(0), stuck, { onError: 'drop' }), all))
  while (all.records.length === 0) await new Promise(setImmediate)
  stuck.destroy(new Error('gone'))
  t.match(await running, {
    records: 6,
    outputs: [{ dropped: 'the output sink/branches/0 failed: gone' }, {}],
  })
})

t.test('tee: a branch that fails while its sink has no room does not hold up the others', async t => {
  const stuck = new Writable({ objectMode: true, highWaterMark: 1, write() {} })
  const failing = operator<number, number>('failing', (n, emit) => {
    emit(n)
    throw new Error('boom')
  })
  const all = sink()
  const report = await run(numbers(6), tee(branch(failing, stuck, { onError: 'drop' }), all))
  t.match(report, { records: 6, outputs: [{ dropped: 'failing: boom' }, { received: 6 }] })
  t.ok(stuck.destroyed)
})

t.test('tee: if every branch fails, the run fails with the last error', async t => {
  const failing = (at: number) =>
    map((n: number) => {
      if (n === at) throw new Error(`no ${at}`)
      return n
    })
  const outcome = run(
    numbers(9),
    tee(
      branch(failing(5), sink(), { onError: 'drop' }),
      branch(failing(2), tee(branch(add(1), sink())), { onError: 'drop' }),
    ),
  )
  const error = (await failureOf(outcome)) as RunError
  t.match(error, { code: 'OPERATOR', message: 'map: no 5' })
  t.match(error.report.outputs, [{ received: 5 }, { dropped: 'map: no 2' }])
})

t.test('tee: in a nested tee, dropping the last output drops the branch around it', async t => {
  const failing = map((): number => {
    throw new Error('boom')
  })
  const all = sink()
  const inner = tee(branch(failing, sink(), { onError: 'drop' }))
  const report = await run([1, 2], tee(branch(add(1), inner, { onError: 'drop' }), all))
  t.match(report, { records: 2, outputs: [{ dropped: 'map: boom' }, { received: 2 }] })
})

t.test('tee: when the branches that are left are done, the run ends', async t => {
  const failing = map((n: number) => {
    if (n === 5) throw new Error('boom')
    return n
  })
  const endless = (function* () {
    for (let n = 0; ; n += 1) yield n
  })()
  const report = await run(
    endless,
    tee(branch(take(2), sink()), branch(failing, sink(), { onError: 'drop' })),
  )
  t.match(report, { read: 6, records: 2, outputs: [{ received: 2 }, { dropped: 'map: boom' }] })
})

t.test(
  'tee: a quarantine in a branch has what that branch refuses, and is kept if it is dropped',
  async t => {
    const work = new Workplace(t)
    const checking = (name: string) => validate({ onInvalid: 'quarantine', quarantine: work.file(name) })
    const failing = map(() => {
      throw new Error('boom')
    })
    const all = sink<unknown>()
    const report = await run(
      [{ guid: 1 }, { guid: 'a' }, { guid: 2 }],
      tee<unknown>(
        branch(checking('kept.ndjson'), failing, sink<unknown>(), { onError: 'drop' }),
        branch(checking('all.ndjson'), toFile(work.file('valid.ndjson'))),
        all,
      ),
    )
    t.equal(all.records.length, 3)
    t.strictSame(work.names, ['all.ndjson', 'kept.ndjson', 'valid.ndjson'])
    t.equal(work.lines('all.ndjson').length, 2)
    t.equal(work.lines('kept.ndjson').length, 1)
    t.match(report, { quarantined: 2, records: 4 })
  },
)

t.test('tee: encode in front of it counts the records of Writables that take bytes', async t => {
  const texts: string[] = ['', '']
  const writable = (at: number) =>
    new Writable({
      write(chunk, _encoding, callback) {
        texts[at] += chunk
        callback()
      },
    })
  const report = await run([1, 2], encode(), tee(writable(0), writable(1)))
  t.strictSame(texts, ['1\n2\n', '1\n2\n'])
  t.match(report, { records: 4 })
})

t.test('tee and branch: a wrong argument is an OPTION error that names it', async t => {
  const [anyTee, shared] = [tee as (...outputs: unknown[]) => unknown, sink()]
  const cases: [() => unknown, string][] = [
    [() => tee(), 'tee(): expected at least one output, received none'],
    [
      () => anyTee(sink(), add(1)),
      'tee(): argument 2: expected a sink, such as toFile(path), or branch(...operators, sink), received the operator map; write branch(...operators, sink)',
    ],
    [
      () => anyTee(() => {}),
      'tee(): argument 1: expected a sink, such as toFile(path), or branch(...operators, sink), received ',
    ],
    [
      () => tee(shared, shared),
      'tee(): expected a different sink for each output, received a stream (ArraySink)',
    ],
    [() => tee(shared, branch(add(1), tee(shared))), 'tee(): expected a different sink for each output'],
    [
      () => anyBranch(),
      'branch(): sink: expected a sink as the last stage, such as toFile(path), received undefined',
    ],
    [() => anyBranch(add(1)), 'branch(): sink: expected a sink as the last stage, such as toFile(path)'],
    [() => anyBranch((n: number) => n, sink()), 'branch(): argument 1: expected an operator'],
    [
      () => anyBranch(sink(), { onError: 'ignore' }),
      'branch(): onError: expected "fail" or "drop", received \'ignore\'',
    ],
    [() => anyBranch(sink(), { onErorr: 'drop' }), 'branch(): unknown option "onErorr"'],
  ]
  for (const [make, message] of cases) {
    const error = (await failureOf(async () => make())) as Error
    t.match(error, { code: 'OPTION' })
    t.equal(error.message?.slice(0, message.length), message)
  }
})

t.test(
  'run: the same file for two outputs, or for an output and its quarantine, is refused at once',
  async t => {
    const work = new Workplace(t)
    const a = () => toFile(work.file('a.ndjson'))
    t.match(await failureOf(run([1], tee(a(), branch(add(1), a())))), {
      code: 'OPTION',
      message: /expected a different file for each output/,
    })
    const quarantine = a()
    const checking = validate({ onInvalid: 'quarantine', quarantine })
    t.match(await failureOf(run([1], tee<unknown>(branch(checking, sink<unknown>()), quarantine))), {
      code: 'OPTION',
    })
    t.strictSame(work.names, [])
  },
)

t.test('run: an output that was used, or that another run uses, is refused', async t => {
  const used = sink()
  await run([1], used)
  t.match(await failureOf(run([1], tee(sink(), used))), { code: 'OPTION', message: /sink: .* that was used/ })
  const shared = sink()
  const [first, second] = [run([1], tee(shared)), run([1], tee(branch(add(1), shared)))]
  t.match(await failureOf(second), { code: 'OPTION', message: /a stream that no other run uses/ })
  await first
  t.strictSame(shared.records, [1])
})

t.test('run: destroying a tee or one of its sinks from outside fails the run', async t => {
  for (const victim of [0, 1]) {
    const streams = [sink(), sink()] as const
    const output = tee(...streams)
    const endless = (async function* () {
      for (;;) {
        yield 1
        await new Promise(setImmediate)
      }
    })()
    const running = failureOf(run(endless, output))
    setImmediate(() => (victim === 0 ? output : streams[1]).destroy(new Error('away')))
    t.match(await running, { code: 'SINK', message: /failed: away/ })
    t.ok(output.closed && streams.every(stream => stream.closed))
  }
})

t.test('run: an abort closes every output of a tee', async t => {
  const work = new Workplace(t)
  const abort = new AbortController()
  const outputs = [toFile(work.file('a.ndjson')), toFile(work.file('b.ndjson.gz'))] as const
  const output = tee(outputs[0], branch(add(1), outputs[1]))
  const source = (async function* () {
    yield* numbers(3)
    abort.abort('enough')
    yield 3
    await new Promise(setImmediate)
    yield 4
  })()
  t.equal(await failureOf(run(source, output, { signal: abort.signal })), 'enough')
  t.ok(output.closed && outputs.every(({ closed }) => closed))
  t.strictSame(work.names, [])
})

t.test('tee in a plain pipeline: an error closes every output and removes the files', async t => {
  const work = new Workplace(t)
  const outputs = [toFile(work.file('a.ndjson')), toFile(work.file('b.ndjson'))] as const
  const failing = map((n: number) => {
    if (n === 2) throw new Error('boom')
    return n
  })
  const output = tee(outputs[0], branch(failing, outputs[1]))
  t.match(await failureOf(pipeline(numbers(5), output)), { code: 'OPERATOR', message: 'map: boom' })
  t.ok(output.closed)
  for (const stream of outputs)
    if (!stream.closed) await new Promise(resolve => stream.once('close', resolve))
  t.strictSame(work.names, [])
})

t.test('tee in a plain pipeline: destroyed before its first record, it destroys its outputs', async t => {
  const [first, second] = [sink(), new PassThrough({ objectMode: true })]
  const output = tee(first, branch(add(1), second))
  output.destroy()
  t.ok(first.destroyed && second.destroyed)
})

t.test('tee in a plain pipeline: what only run can do is refused, and the outputs are closed', async t => {
  const dropping = [sink(), sink()] as const
  const dropped = pipeline([1], tee(dropping[0], branch(add(1), dropping[1], { onError: 'drop' })))
  t.match(await failureOf(dropped), {
    code: 'OPTION',
    message: 'branch(): onError: expected "fail" in a plain pipeline, because only run() reports',
  })
  const checked = sink<unknown>()
  const checking = validate({ onInvalid: 'quarantine', quarantine: 'q.ndjson' })
  t.match(await failureOf(pipeline([1], tee<unknown>(branch(checking, checked)))), {
    code: 'OPTION',
    message: 'validate(): quarantine: expected an object-mode Writable in a plain pipeline',
  })
  t.ok([...dropping, checked].every(({ destroyed }) => destroyed))
})

t.test('tee in a plain pipeline: a Writable as a quarantine gets what the branch refuses', async t => {
  const [rejected, valid, all] = [sink<unknown>(), sink<unknown>(), sink<unknown>()]
  const checking = validate({ onInvalid: 'quarantine', quarantine: rejected })
  await pipeline([{ guid: 1 }, { guid: 'a' }], tee<unknown>(branch(checking, valid), all))
  t.strictSame([rejected.records.length, valid.records.length, all.records.length], [1, 1, 2])
})

t.test('tee: destroyed at any moment, in a plain pipeline and under run, nothing leaks', async t => {
  const unhandled = processEvents(t, 'unhandledRejection', 'uncaughtException')
  const before = openFiles()
  for (const ofRun of [false, true]) {
    for (let moment = 0; moment < 12; moment += 1) {
      const work = new Workplace(t)
      const slow = map(async (n: number) => {
        await new Promise(setImmediate)
        return n
      })
      const output = tee(
        toFile(work.file('a.ndjson')),
        branch(
          slow,
          tee(
            toFile(work.file('b.ndjson.gz')),
            new PassThrough({ objectMode: true, highWaterMark: 1 }).resume(),
          ),
        ),
      )
      let emitted = 0
      const source = (async function* () {
        for (;;) {
          await new Promise(setImmediate)
          if (emitted === moment) output.destroy(new Error('away'))
          emitted += 1
          yield emitted
        }
      })()
      const outcome = ofRun ? run(source, output) : pipeline(source, output)
      t.match(await failureOf(outcome), { message: /away/ })
      t.strictSame(await eventually(() => work.names.length, 0), 0)
    }
  }
  t.equal(await leakedFiles(before), 0)
  t.strictSame(unhandled, [])
})
