import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { Chain } from '../../lib/engine/Chain.ts'
import type { AnySink, LeadpipeErrorOf, OperatorCounts, RunError, SourceCounts } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { checkLedger, type LedgerFacts, ledger } from '../../lib/run/ledger.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { LeadRun } from '../../lib/sources/LeadRun.ts'
import type { SinkRun } from '../../lib/stage/SinkStage.ts'
import type { SourceRun } from '../../lib/stage/SourceStage.ts'
import { type Equation, equation } from '../../lib/stage/Stage.ts'
import { Operator } from '../../lib/streams/Operator.ts'
import { SinkWritable } from '../../lib/streams/SinkWritable.ts'
import { SourceReadable } from '../../lib/streams/SourceReadable.ts'
import { someLeads } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

type Sides = [left: string, right: string]

const sidesOf = (equations: readonly Equation[]): Sides[] => equations.map(({ left, right }) => [left, right])

const outOfTheSource: Sides = ['out of the source', 'received']
const inQuarantine: Sides = ['quarantined', 'records in quarantine']
const intoTheSink: Sides = ['passed on', 'into the sink']
const acknowledged: Sides = ['records into the sink', 'records acknowledged']

/** Ten elements came, two of them went to a quarantine, and eight arrived. */
const right: LedgerFacts = {
  source: { delivered: 10, equations: [equation('a of the source', 'b of the source', 10, 10)] },
  received: 10,
  operators: [equation('out of map', 'into filter', 8, 8)],
  passed: 8,
  sink: { received: 8, acknowledged: 8, equations: [equation('a of the sink', 'b of the sink', 8, 8)] },
  quarantines: [
    { quarantined: 2, acknowledged: 2 },
    { quarantined: 0, acknowledged: 0 },
  ],
}

t.test('numbers that add up pass', async t => {
  t.doesNotThrow(() => checkLedger(ledger(right)))
})

t.test('the ledger compares what the stages say of themselves, and what one says with the next', async t => {
  t.strictSame(sidesOf(ledger(right)), [
    ['a of the source', 'b of the source'],
    outOfTheSource,
    ['out of map', 'into filter'],
    inQuarantine,
    inQuarantine,
    intoTheSink,
    acknowledged,
    ['a of the sink', 'b of the sink'],
  ])
})

t.test('what a stage does not count is not compared', async t => {
  const silent: LedgerFacts = {
    ...right,
    source: { equations: [] },
    sink: { equations: [] },
    quarantines: [],
  }
  t.strictSame(sidesOf(ledger(silent)), [['out of map', 'into filter']])
  t.strictSame(sidesOf(ledger({ ...silent, sink: { received: 8, equations: [] } })), [
    ['out of map', 'into filter'],
    intoTheSink,
  ])
})

/** One number that is off, and what does not hold then. */
const off: Record<string, [wrong: (by: number) => LedgerFacts, ...equations: Sides[]]> = {
  'elements that the source delivered': [
    by => ({ ...right, source: { ...right.source, delivered: 10 + by } }),
    outOfTheSource,
  ],
  'elements received': [by => ({ ...right, received: 10 + by }), outOfTheSource],
  'records passed on': [by => ({ ...right, passed: 8 + by }), intoTheSink],
  'records into the sink': [
    by => ({ ...right, sink: { ...right.sink, received: 8 + by } }),
    intoTheSink,
    acknowledged,
  ],
  'records acknowledged': [by => ({ ...right, sink: { ...right.sink, acknowledged: 8 + by } }), acknowledged],
  'records quarantined': [
    by => ({ ...right, quarantines: [{ quarantined: 2 + by, acknowledged: 2 }] }),
    inQuarantine,
  ],
  'records in quarantine': [
    by => ({
      ...right,
      quarantines: [
        { quarantined: 1, acknowledged: 1 },
        { quarantined: 2, acknowledged: 2 + by },
      ],
    }),
    inQuarantine,
  ],
  'what the source says of itself': [
    by => ({ ...right, source: { ...right.source, equations: [equation('a', 'b', 5, 5 + by)] } }),
    ['a', 'b'],
  ],
  'what operators say': [by => ({ ...right, operators: [equation('a', 'b', 5 + by, 5)] }), ['a', 'b']],
  'what the sink says of itself': [
    by => ({ ...right, sink: { ...right.sink, equations: [equation('a', 'b', 5, 5 + by)] } }),
    ['a', 'b'],
  ],
}
for (const [what, [wrong, ...equations]] of Object.entries(off)) {
  for (const by of [1, -1]) {
    t.test(`${what}, off by ${by}: LEDGER, naming what does not hold`, async t => {
      isWrong(t, await failureOf(() => checkLedger(ledger(wrong(by)))), ...equations)
    })
  }
}

t.test('several wrong equations are all named', async t => {
  const wrong = { ...right, received: 9, passed: 7 }
  isWrong(t, await failureOf(() => checkLedger(ledger(wrong))), outOfTheSource, intoTheSink)
})

/** The failure must be LEDGER, name each equation that is wrong, in the message too, and no other. */
function isWrong(t: Test, failure: unknown, ...equations: Sides[]): void {
  const { code, message, context } = failure as LeadpipeErrorOf<'LEDGER'>
  t.equal(code, 'LEDGER', message)
  const { wrong } = context
  t.strictSame(sidesOf(wrong), equations)
  for (const { left, right, values } of wrong) {
    t.ok(message.includes(`${left} = ${values[0]}, but ${right} = ${values[1]}`), message)
  }
}

/*
 * The same by whole runs: of stages that lie, and of those that do not.
 */

const sink = () => toArray({ max: 99 })
const plain = () => new Writable({ objectMode: true, write: (_v, _e, callback) => callback() })
const numbers = [1, 2, 3, 4, 5]
const own = <T>() => transform<T, T>(() => new PassThrough({ objectMode: true }))

/** Ten leads over HTTP, in pages of four. */
async function tenLeads(t: Test) {
  const { origin } = await serveLeads(t, someLeads(10, 1))
  return leadsByOffset(openClient(t, origin), { max: 4 })
}

/** The run must fail with LEDGER, and with these equations; its report holds the numbers. */
async function wrong(t: Test, running: Promise<unknown>, ...equations: Sides[]): Promise<void> {
  const failure = (await failureOf(running)) as RunError
  isWrong(t, failure, ...equations)
  t.match(failure.report, { leads: Number, records: Number, operators: Array })
}

/** Five numbers, of which it says that they are more, or less. */
class LyingSource extends SourceReadable<number> {
  constructor(delivered: number) {
    const open = (): SourceRun<number> => {
      const batches = [{ items: numbers, bytes: 0, positionAfter: () => undefined }]
      return {
        next: async () => batches.pop(),
        save: () => undefined,
        async close() {},
        delivered,
      }
    }
    super({ name: 'lying', open }, open)
  }
}

t.test(
  'a source that swallows what it counted as delivered, or delivers twice what it counted once',
  async t => {
    t.match(await run(new LyingSource(5), sink()), { records: 5 })
    for (const delivered of [6, 4]) await wrong(t, run(new LyingSource(delivered), sink()), outOfTheSource)
  },
)

const scanned = 'elements scanned'
const came: Sides = [scanned, 'decoded + malformed']
const went: Sides = ['decoded + malformed', 'delivered + rejected + dropped + unused']
const seen: Sides = [scanned, 'elements seen by stream-json']
const miscounts: Partial<Record<keyof SourceCounts, Sides[]>> = {
  scannedOnPages: [seen],
  tokenisedOnPages: [seen],
  scanned: [came],
  malformed: [came, went],
  rejected: [went, outOfTheSource],
  dropped: [went],
  unused: [went],
  decoded: [came, went],
  delivered: [went, outOfTheSource],
}

/** One of the counts of every list is off, for the length of a test. */
function miscount(t: Test, name: keyof SourceCounts, by: number): void {
  const { counts } = LeadRun.prototype
  LeadRun.prototype.counts = function () {
    const right = counts.call(this)
    return { ...right, [name]: right[name] + by }
  }
  t.teardown(() => {
    LeadRun.prototype.counts = counts
  })
}

for (const [name, equations] of Object.entries(miscounts)) {
  for (const by of [1, -1]) {
    t.test(`leads() whose count ${name} is off by ${by}`, async t => {
      const source = await tenLeads(t)
      miscount(t, name as keyof SourceCounts, by)
      await wrong(t, run(source, sink()), ...equations)
    })
  }
}

t.test('between all operators of a chain there is an equation, and at both of its ends', async t => {
  const chain = (...operators: Operator<never, unknown>[]) =>
    new Chain(
      operators.flatMap(({ definitions }) => definitions),
      { main: { write() {} } },
      { done() {}, failed() {} },
    )
  const three = chain(
    filter((n: number) => n > 1),
    own<number>(),
    map((n: number) => n),
  )
  t.strictSame(sidesOf(three.equations()), [
    ['records received', 'into filter'],
    ['out of filter', 'into transform'],
    ['out of transform', 'into map'],
    ['out of map', 'passed on'],
    ['elements received that are not records', 'taken by an operator'],
  ])
  three.stop()
  const none = chain()
  none.receive(1)
  t.match(none.equations(), [
    { left: 'records received', right: 'into the sink', values: [1, 1] },
    { left: 'elements received that are not records', right: 'taken by an operator', values: [0, 0] },
  ])
})

/** What validate() says of numbers that are given to it. */
const ofValidate = (counts: Partial<OperatorCounts>, rejected = 0): Sides[] => {
  const [definition] = validate({ onInvalid: 'skip' }).definitions
  const { equations = () => [] } = definition as { equations?: (...given: unknown[]) => Equation[] }
  const given = { name: 'validate', in: 5, out: 5, valid: 5, skipped: 0, ...counts }
  return sidesOf(equations(given, rejected).filter(({ values: [a, b] }) => a !== b))
}
const allOfThem: Sides = ['into validate', 'valid + skipped + quarantined + unused']
const validOnes: Sides = ['valid in validate', 'out of validate']

t.test('a validate whose numbers lie', async t => {
  t.strictSame(ofValidate({}), [])
  t.strictSame(ofValidate({ in: 9, skipped: 1, quarantined: 1, unused: 3 }, 1), [])
  t.strictSame(ofValidate({ valid: 6 }), [allOfThem, validOnes])
  t.strictSame(ofValidate({ valid: 4, skipped: 1 }), [validOnes])
  t.strictSame(ofValidate({ skipped: 1 }), [allOfThem])
  t.strictSame(ofValidate({ quarantined: 1 }), [allOfThem])
  t.strictSame(ofValidate({ unused: 1 }), [allOfThem])
  t.strictSame(ofValidate({}, 1), [allOfThem])
})

t.test('a run with an operator of leadpipe whose numbers lie', async t => {
  const lying = new Operator<number, number>([
    {
      name: 'lying',
      create: () => ({ step: (n: number, emit: (n: number) => void) => emit(n) }),
      equations: counts => [equation('valid in lying', 'out of lying', counts.out + 1, counts.out)],
    },
  ])
  await wrong(t, run(numbers, lying, sink()), ['valid in lying', 'out of lying'])
})

t.test("numbers of the same names in a user's own operator mean what the user says", async t => {
  const counts = { valid: 77, skipped: 88, quarantined: 66, records: 99, rejected: 55 }
  const distinct = operator<number>({
    name: 'distinct',
    create: () => ({ step: (n, emit) => emit(n), counts: () => counts }),
  })
  t.match(await run(numbers, distinct, sink()), {
    records: 5,
    skipped: 0,
    quarantined: 0,
    operators: [{ name: 'distinct', in: 5, out: 5, ...counts }],
  })
  const bad = sink()
  const quarantining = validate({ onInvalid: 'quarantine', quarantine: bad })
  t.match(await run([{ guid: 'a' }, {}], quarantining, distinct as Operator<unknown, number>, plain()), {
    records: 1,
    skipped: 0,
    quarantined: 1,
  })
})

t.test("an operator of the user's may have the name of one of ours", async t => {
  for (const name of ['validate', 'encode', 'take', 'transform']) {
    const twice = operator<number>(name, (n, emit) => {
      emit(n)
      emit(n)
    })
    t.match(await run(numbers, twice, sink()), { records: 10, operators: [{ name, in: 5, out: 10 }] })
  }
})

t.test('of two quarantines, only what one of ours took is compared', async t => {
  const theirs: unknown[] = []
  const own = new Writable({
    objectMode: true,
    write(record, _encoding, callback) {
      theirs.push(record)
      callback()
    },
  })
  const adults = { type: 'object', properties: { age: { minimum: 18 } } }
  const report = await run(
    [{ guid: 'a', age: 17 }, { guid: 'b', age: 18 }, { age: 40 }],
    validate({ onInvalid: 'quarantine', quarantine: sink() }),
    validate({ schema: adults, onInvalid: 'quarantine', quarantine: own }),
    sink(),
  )
  t.match(report, { records: 1, quarantined: 2 })
  t.equal(theirs.length, 1)
})

/** A sink that acknowledges, or receives, less or more than it should. */
class LyingSink extends SinkWritable<unknown> {
  constructor(lie: (record: unknown) => { received: number; acknowledged: number }) {
    const open = async (): Promise<SinkRun> => {
      const counts = { received: 0, acknowledged: 0, bytes: 0 }
      return {
        write(record) {
          const { received, acknowledged } = lie(record)
          counts.received += received
          counts.acknowledged += acknowledged
        },
        async prepare() {},
        async commit() {},
        async end() {},
        counts: () => counts,
      }
    }
    super({ name: 'lying', open })
  }
}

t.test('a sink that acknowledges one less or more, or did not see one', async t => {
  const acknowledges = (count: number): AnySink<unknown> =>
    new LyingSink(n => ({ received: 1, acknowledged: n === 3 ? count : 1 }))
  t.match(await run(numbers, acknowledges(1)), { records: 5 })
  await wrong(t, run(numbers, acknowledges(0)), acknowledged)
  await wrong(t, run(numbers, acknowledges(2)), acknowledged)
  const blind: AnySink<unknown> = new LyingSink(n =>
    n === 3 ? { received: 0, acknowledged: 0 } : { received: 1, acknowledged: 1 },
  )
  await wrong(t, run(numbers, blind), intoTheSink)
})

t.test('a quarantine that acknowledges one less than it was given', async t => {
  let given = 0
  const quarantine = new LyingSink(() => {
    given += 1
    return { received: 1, acknowledged: given === 2 ? 0 : 1 }
  })
  const setAside = validate({ onInvalid: 'quarantine', quarantine })
  await wrong(t, run([{}, { guid: 'a' }, {}], setAside, sink()), inQuarantine)
})

t.test('a run whose numbers do not add up gives no file its name', async t => {
  const path = join(t.testdir(), 'out.ndjson')
  await wrong(t, run(new LyingSource(6), toFile(path)), outOfTheSource)
  t.notOk(existsSync(path))
})

t.test('what is right stays right: no false alarm where a run ends early, in any shape', async t => {
  for (const count of [0, 1, 4, 5, 9, 10, 11]) {
    for (const stages of [
      [take(count)],
      [validate(), take(count)],
      [validate({ onInvalid: 'skip' }), map(async lead => lead), take(count)],
      [own(), take(count)],
      [take(count), own()],
      [own(), validate(), take(count), own(), take(Math.max(count - 1, 0)), encode()],
    ]) {
      const anyRun = run as (...stages: unknown[]) => Promise<unknown>
      await t.resolves(anyRun(await tenLeads(t), ...stages, plain()), `take ${count}`)
    }
  }
})
