import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { branchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import type { AnySink, LeadpipeErrorOf, OperatorCounts, RunError, SourceCounts } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { checkLedger, type LedgerFacts, ledger, type SinkFacts } from '../../lib/run/ledger.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { LeadRun } from '../../lib/sources/LeadRun.ts'
import type { SinkRun } from '../../lib/stage/SinkStage.ts'
import type { SourceRun } from '../../lib/stage/SourceStage.ts'
import { type Equation, equation } from '../../lib/stage/Stage.ts'
import { recipe } from '../../lib/streams/attach.ts'
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

const sinkFacts: SinkFacts = {
  name: 'the sink',
  passed: 8,
  received: 8,
  acknowledged: 8,
  equations: [equation('a of the sink', 'b of the sink', 8, 8)],
}

/** Ten elements were received, two of them were quarantined, and eight reached the sink. */
const correct: LedgerFacts = {
  source: { delivered: 10, equations: [equation('a of the source', 'b of the source', 10, 10)] },
  received: 10,
  operators: [equation('out of map', 'into filter', 8, 8)],
  sinks: [sinkFacts],
  sideOutputs: [],
  quarantines: [
    { quarantined: 2, acknowledged: 2 },
    { quarantined: 0, acknowledged: 0 },
  ],
}

t.test('ledger: counts that add up pass', async t => {
  t.doesNotThrow(() => checkLedger(ledger(correct)))
})

t.test('ledger: the counts of each stage are compared with each other and with the next stage', async t => {
  t.strictSame(sidesOf(ledger(correct)), [
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

t.test('ledger: counts that a stage does not have are not compared', async t => {
  const silent: LedgerFacts = {
    ...correct,
    source: { equations: [] },
    sinks: [{ name: 'the sink', passed: 8, equations: [] }],
    quarantines: [],
  }
  t.strictSame(sidesOf(ledger(silent)), [['out of map', 'into filter']])
  t.strictSame(
    sidesOf(ledger({ ...silent, sinks: [{ name: 'the sink', passed: 8, received: 8, equations: [] }] })),
    [['out of map', 'into filter'], intoTheSink],
  )
})

/** Facts with one wrong count, and the equations that do not hold then. */
const off: Record<string, [wrong: (by: number) => LedgerFacts, ...equations: Sides[]]> = {
  'the count of elements delivered by the source': [
    by => ({ ...correct, source: { ...correct.source, delivered: 10 + by } }),
    outOfTheSource,
  ],
  'the count of elements received': [by => ({ ...correct, received: 10 + by }), outOfTheSource],
  'the count of records passed on': [
    by => ({ ...correct, sinks: [{ ...sinkFacts, passed: 8 + by }] }),
    intoTheSink,
  ],
  'the count of records into the sink': [
    by => ({ ...correct, sinks: [{ ...sinkFacts, received: 8 + by }] }),
    intoTheSink,
    acknowledged,
  ],
  'the count of records acknowledged': [
    by => ({ ...correct, sinks: [{ ...sinkFacts, acknowledged: 8 + by }] }),
    acknowledged,
  ],
  'the count of records quarantined': [
    by => ({ ...correct, quarantines: [{ quarantined: 2 + by, acknowledged: 2 }] }),
    inQuarantine,
  ],
  'the count of records in quarantine': [
    by => ({
      ...correct,
      quarantines: [
        { quarantined: 1, acknowledged: 1 },
        { quarantined: 2, acknowledged: 2 + by },
      ],
    }),
    inQuarantine,
  ],
  'a count in an equation of the source': [
    by => ({ ...correct, source: { ...correct.source, equations: [equation('a', 'b', 5, 5 + by)] } }),
    ['a', 'b'],
  ],
  'a count in an equation of the operators': [
    by => ({ ...correct, operators: [equation('a', 'b', 5 + by, 5)] }),
    ['a', 'b'],
  ],
  'a count in an equation of the sink': [
    by => ({ ...correct, sinks: [{ ...sinkFacts, equations: [equation('a', 'b', 5, 5 + by)] }] }),
    ['a', 'b'],
  ],
}
for (const [what, [wrong, ...equations]] of Object.entries(off)) {
  for (const by of [1, -1]) {
    t.test(`ledger: ${what} off by ${by} is a LEDGER error that names the equation`, async t => {
      isLedgerError(t, await failureOf(() => checkLedger(ledger(wrong(by)))), ...equations)
    })
  }
}

t.test('ledger: a LEDGER error names each wrong equation', async t => {
  const wrong = { ...correct, received: 9, sinks: [{ ...sinkFacts, passed: 7 }] }
  isLedgerError(t, await failureOf(() => checkLedger(ledger(wrong))), outOfTheSource, intoTheSink)
})

/** The failure must be LEDGER, name each equation that is wrong, in the message too, and no other. */
function isLedgerError(t: Test, failure: unknown, ...equations: Sides[]): void {
  const { code, message, context } = failure as LeadpipeErrorOf<'LEDGER'>
  t.equal(code, 'LEDGER', message)
  const { wrong } = context
  t.strictSame(sidesOf(wrong), equations)
  for (const { left, right, values } of wrong) {
    t.ok(message.includes(`${left} = ${values[0]}, but ${right} = ${values[1]}`), message)
  }
}

/*
 * Whole runs: with stages that count wrong, and with stages that count right.
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
async function failsLedger(t: Test, running: Promise<unknown>, ...equations: Sides[]): Promise<void> {
  const failure = (await failureOf(running)) as RunError
  isLedgerError(t, failure, ...equations)
  t.match(failure.report, { read: Number, records: Number, operators: Array })
}

/** A source of five numbers that counts more or fewer as delivered. */
class MiscountingSource extends SourceReadable<number> {
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
    super({ name: 'miscounting', open }, open)
  }
}

t.test(
  'run: a source that delivers fewer or more records than it counts is a LEDGER error, whichever it is',
  async t => {
    t.match(await run(new MiscountingSource(5), sink()), { records: 5 })
    for (const delivered of [6, 4])
      await failsLedger(t, run(new MiscountingSource(delivered), sink()), outOfTheSource)
  },
)

const scanned = 'elements scanned'
const decodedAll: Sides = [scanned, 'decoded + malformed']
const allUsed: Sides = ['decoded + malformed', 'delivered + rejected + dropped + unused']
const seenByBoth: Sides = [scanned, 'elements seen by stream-json']
const miscounts: Partial<Record<keyof SourceCounts, Sides[]>> = {
  scannedOnPages: [seenByBoth],
  tokenisedOnPages: [seenByBoth],
  scanned: [decodedAll],
  malformed: [decodedAll, allUsed],
  rejected: [allUsed, outOfTheSource],
  dropped: [allUsed],
  unused: [allUsed],
  decoded: [decodedAll, allUsed],
  delivered: [allUsed, outOfTheSource],
}

/** Makes one count of every `leads()` wrong until the test ends. */
function miscount(t: Test, name: keyof SourceCounts, by: number): void {
  const { counts } = LeadRun.prototype
  LeadRun.prototype.counts = function () {
    const real = counts.call(this)
    return { ...real, [name]: real[name] + by }
  }
  t.teardown(() => {
    LeadRun.prototype.counts = counts
  })
}

for (const [name, equations] of Object.entries(miscounts)) {
  for (const by of [1, -1]) {
    t.test(`run: leads() whose count ${name} is off by ${by} is a LEDGER error`, async t => {
      const source = await tenLeads(t)
      miscount(t, name as keyof SourceCounts, by)
      await failsLedger(t, run(source, sink()), ...equations)
    })
  }
}

t.test('Chain: there is an equation between each two operators and at both ends', async t => {
  const chain = (...operators: Operator<never, unknown>[]) =>
    new Chain(
      branchOf(
        operators.flatMap(part => part[recipe]),
        { write() {} },
      ),
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
    { left: 'records received', right: 'passed on', values: [1, 1] },
    { left: 'elements received that are not records', right: 'taken by an operator', values: [0, 0] },
  ])
})

/** The equations of validate() that do not hold for these counts. */
const ofValidate = ({ own, ...counts }: Partial<OperatorCounts>, rejected = 0): Sides[] => {
  const [definition] = validate({ onInvalid: 'skip' })[recipe]
  const { equations = () => [] } = definition as { equations?: (...given: unknown[]) => Equation[] }
  const given = { name: 'validate', in: 5, out: 5, own: { valid: 5, skipped: 0, ...own }, ...counts }
  return sidesOf(equations(given, rejected).filter(({ values: [a, b] }) => a !== b))
}
const allCounted: Sides = ['into validate', 'valid + skipped + quarantined + unused']
const validEmitted: Sides = ['valid in validate', 'out of validate']

t.test('validate: each wrong count breaks an equation', async t => {
  t.strictSame(ofValidate({}), [])
  t.strictSame(ofValidate({ in: 9, unused: 3, own: { skipped: 1, quarantined: 1 } }, 1), [])
  t.strictSame(ofValidate({ own: { valid: 6 } }), [allCounted, validEmitted])
  t.strictSame(ofValidate({ own: { valid: 4, skipped: 1 } }), [validEmitted])
  t.strictSame(ofValidate({ own: { skipped: 1 } }), [allCounted])
  t.strictSame(ofValidate({ own: { quarantined: 1 } }), [allCounted])
  t.strictSame(ofValidate({ unused: 1 }), [allCounted])
  t.strictSame(ofValidate({}, 1), [allCounted])
})

t.test('run: a leadpipe operator with wrong counts is a LEDGER error', async t => {
  const miscounting = new Operator<number, number>([
    {
      name: 'miscounting',
      create: () => ({ step: (n: number, emit: (n: number) => void) => emit(n) }),
      equations: counts => [
        equation('valid in miscounting', 'out of miscounting', counts.out + 1, counts.out),
      ],
    },
  ])
  await failsLedger(t, run(numbers, miscounting, sink()), ['valid in miscounting', 'out of miscounting'])
})

t.test("run: counts of a user's operator are reported and not compared, whatever their names", async t => {
  const counts = { valid: 77, skipped: 88, quarantined: 66, records: 99, rejected: 55 }
  const distinct = operator<number>({
    name: 'distinct',
    create: () => ({ step: (n, emit) => emit(n), counts: () => counts }),
  })
  t.match(await run(numbers, distinct, sink()), {
    records: 5,
    skipped: 0,
    quarantined: 0,
    operators: [{ name: 'distinct', in: 5, out: 5, own: counts }],
  })
  const quarantine = sink()
  const quarantining = validate({ onInvalid: 'quarantine', quarantine })
  t.match(await run([{ guid: 'a' }, {}], quarantining, distinct as Operator<unknown, number>, plain()), {
    records: 1,
    skipped: 0,
    quarantined: 1,
  })
})

t.test("run: a user's operator can have the name of a leadpipe operator", async t => {
  for (const name of ['validate', 'encode', 'take', 'transform']) {
    const twice = operator<number>(name, (n, emit) => {
      emit(n)
      emit(n)
    })
    t.match(await run(numbers, twice, sink()), { records: 10, operators: [{ name, in: 5, out: 10 }] })
  }
})

t.test("run: with a user's Writable as a second quarantine, the counts add up", async t => {
  const quarantined: unknown[] = []
  const own = new Writable({
    objectMode: true,
    write(record, _encoding, callback) {
      quarantined.push(record)
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
  t.equal(quarantined.length, 1)
})

/** A sink that counts what the function returns for each record. */
class MiscountingSink extends SinkWritable<unknown> {
  constructor(countsFor: (record: unknown) => { received: number; acknowledged: number }) {
    const open = async (): Promise<SinkRun> => {
      const counts = { received: 0, acknowledged: 0, bytes: 0 }
      return {
        write(record) {
          const { received, acknowledged } = countsFor(record)
          counts.received += received
          counts.acknowledged += acknowledged
        },
        async prepare() {},
        async commit() {},
        async end() {},
        counts: () => counts,
      }
    }
    super({ name: 'miscounting', open })
  }
}

t.test('run: a sink that acknowledges or receives too few or too many is a LEDGER error', async t => {
  const acknowledges = (count: number): AnySink<unknown> =>
    new MiscountingSink(n => ({ received: 1, acknowledged: n === 3 ? count : 1 }))
  t.match(await run(numbers, acknowledges(1)), { records: 5 })
  await failsLedger(t, run(numbers, acknowledges(0)), acknowledged)
  await failsLedger(t, run(numbers, acknowledges(2)), acknowledged)
  const missesOne: AnySink<unknown> = new MiscountingSink(n =>
    n === 3 ? { received: 0, acknowledged: 0 } : { received: 1, acknowledged: 1 },
  )
  await failsLedger(t, run(numbers, missesOne), intoTheSink)
})

t.test('run: a quarantine that acknowledges too few records is a LEDGER error', async t => {
  let given = 0
  const quarantine = new MiscountingSink(() => {
    given += 1
    return { received: 1, acknowledged: given === 2 ? 0 : 1 }
  })
  const quarantining = validate({ onInvalid: 'quarantine', quarantine })
  await failsLedger(t, run([{}, { guid: 'a' }, {}], quarantining, sink()), inQuarantine)
})

t.test('run: a LEDGER error leaves no output file', async t => {
  const path = join(t.testdir(), 'out.ndjson')
  await failsLedger(t, run(new MiscountingSource(6), toFile(path)), outOfTheSource)
  t.notOk(existsSync(path))
})

t.test('run: no LEDGER error if take() ends a run early, with any operators around it', async t => {
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
