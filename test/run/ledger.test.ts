import { PassThrough, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import type { AnySink, LeadpipeError, OperatorCounts, SourceCounts } from '../../lib/index.ts'
import { filter } from '../../lib/operators/filter.ts'
import { Operator } from '../../lib/operators/kernel/Operator.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import type { Entry } from '../../lib/run/ledger.ts'
import { run } from '../../lib/run/run.ts'
import { encode } from '../../lib/sinks/encode/encode.ts'
import { Sink } from '../../lib/sinks/Sink.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { LeadSource } from '../../lib/source/LeadSource.ts'
import { someLeads } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

const sink = () => toArray({ max: 99 })
const plain = () => new Writable({ objectMode: true, write: (_v, _e, callback) => callback() })
const numbers = [1, 2, 3, 4, 5]
const own = <T>() => transform<T, T>(() => new PassThrough({ objectMode: true }))

/** Ten leads over HTTP, in pages of four. */
async function tenLeads(t: Test) {
  const { origin } = await serveLeads(t, someLeads(10, 1))
  return leadsByOffset(openClient(t, origin), { max: 4 })
}

/** Replaces a method of every operator for the length of a test. */
function injure<Name extends 'push' | 'write'>(
  t: Test,
  name: Name,
  replacement: Operator<unknown, unknown>[Name],
) {
  const before = Operator.prototype[name]
  Operator.prototype[name] = replacement as never
  t.teardown(() => {
    Operator.prototype[name] = before
  })
}

/** The failure must be LEDGER, name each equation that is wrong, in the message too, and no other. */
async function wrong(t: Test, running: Promise<unknown>, ...equations: [left: string, right: string][]) {
  const failure = (await failureOf(running)) as LeadpipeError
  t.equal(failure.code, 'LEDGER', failure.message)
  const entries = failure.context.wrong as Entry[]
  t.strictSame(
    entries.map(({ left, right }) => [left, right]),
    equations,
  )
  for (const { left, right, values } of entries) {
    t.ok(failure.message.includes(`${left} = ${values[0]}, but ${right} = ${values[1]}`), failure.message)
  }
  t.match(failure.report, { leads: Number, records: Number, operators: Array })
}

t.test('a source that swallows a lead which it counted as delivered', async t => {
  const source = await tenLeads(t)
  const push = source.push.bind(source)
  source.push = lead => ((lead as { guid?: string } | null)?.guid === 'lead-6' ? true : push(lead))
  await wrong(t, run(source, validate(), sink()), ['out of the source', 'passed on and read ahead'])
})

t.test('a source that hands on a lead twice', async t => {
  const source = await tenLeads(t)
  const push = source.push.bind(source)
  source.push = lead => {
    if ((lead as { guid?: string } | null)?.guid === 'lead-6') push(lead)
    return push(lead)
  }
  await wrong(t, run(source, sink()), ['out of the source', 'passed on and read ahead'])
})

const scanned = 'elements scanned'
const miscounts: Partial<Record<keyof SourceCounts, [string, string][]>> = {
  scannedOnPages: [[scanned, 'elements seen by stream-json']],
  tokenisedOnPages: [[scanned, 'elements seen by stream-json']],
  scanned: [[scanned, 'decoded + malformed']],
  malformed: [
    [scanned, 'decoded + malformed'],
    ['decoded + malformed', 'delivered + rejected + dropped + unused'],
  ],
  rejected: [
    ['decoded + malformed', 'delivered + rejected + dropped + unused'],
    ['out of the source', 'passed on and read ahead'],
  ],
  dropped: [['decoded + malformed', 'delivered + rejected + dropped + unused']],
  unused: [['decoded + malformed', 'delivered + rejected + dropped + unused']],
  decoded: [
    [scanned, 'decoded + malformed'],
    ['decoded + malformed', 'delivered + rejected + dropped + unused'],
  ],
  delivered: [
    ['decoded + malformed', 'delivered + rejected + dropped + unused'],
    ['out of the source', 'passed on and read ahead'],
  ],
}

/** The source with one of its counts off. */
function miscounting(source: LeadSource, name: keyof SourceCounts, by: number): LeadSource {
  const { get } = Object.getOwnPropertyDescriptor(LeadSource.prototype, 'counts') as { get(): SourceCounts }
  return Object.defineProperty(source, 'counts', {
    get: () => {
      const counts = get.call(source)
      return { ...counts, [name]: counts[name] + by }
    },
  })
}

for (const [name, equations] of Object.entries(miscounts)) {
  for (const by of [1, -1]) {
    t.test(`a source whose count ${name} is off by ${by}`, async t => {
      const source = await tenLeads(t)
      await wrong(t, run(miscounting(source, name as keyof SourceCounts, by), sink()), ...equations)
    })
  }
}

t.test('an operator whose stream drops a record that its chain counted', async t => {
  const push = Operator.prototype.push
  injure(t, 'push', function (this: Operator<unknown, unknown>, value) {
    return value === 30 ? true : push.call(this, value)
  })
  const times = map((n: number) => n * 10)
  await wrong(t, run(numbers, times, sink()), ['out of map', 'passed on and read ahead'])
})

t.test("an operator whose stream drops a record in front of a user's stream", async t => {
  const push = Operator.prototype.push
  injure(t, 'push', function (this: Operator<unknown, unknown>, value) {
    return value === 30 ? true : push.call(this, value)
  })
  const times = map((n: number) => n * 10)
  await wrong(t, run(numbers, times, own<number>(), sink()), ['out of map', 'passed on and read ahead'])
})

t.test("an operator that a value behind a user's stream never reaches", async t => {
  const write = Operator.prototype.write
  injure(t, 'write', function (this: Operator<unknown, unknown>, value, ...rest) {
    return value === 3 ? true : write.call(this, value, ...rest)
  })
  await wrong(
    t,
    run(
      numbers,
      own<number>(),
      filter(() => true),
      sink(),
    ),
    ['passed on', 'into filter'],
  )
})

t.test('links of a chain whose numbers differ', async t => {
  const counts = Object.getOwnPropertyDescriptor(Operator.prototype, 'counts') as PropertyDescriptor
  Object.defineProperty(Operator.prototype, 'counts', {
    ...counts,
    get(this: Operator<unknown, unknown>) {
      const all: OperatorCounts[] = counts.get?.call(this)
      return all.map((one, index) => (index === 0 ? { ...one, out: one.out - 1 } : one))
    },
  })
  t.teardown(() => Object.defineProperty(Operator.prototype, 'counts', counts))
  const one = map((n: number) => n)
  await wrong(
    t,
    run(
      numbers,
      one,
      filter(() => true),
      sink(),
    ),
    ['out of map', 'into filter'],
  )
})

/** Checks like validate, and lies about it. */
const lyingValidate = (lie: { valid?: number; skipped?: number }) =>
  new Operator<number, number>([
    {
      name: 'validate',
      role: 'validate',
      create() {
        let valid = 0
        return {
          step(n: number, emit: (n: number) => void) {
            valid += 1
            emit(n)
          },
          counts: () => ({ valid: valid + (lie.valid ?? 0), skipped: lie.skipped ?? 0 }),
        }
      },
    },
  ])

t.test('a validate whose numbers lie', async t => {
  await wrong(
    t,
    run(numbers, lyingValidate({ valid: 1 }), sink()),
    ['into validate', 'valid + skipped + quarantined + unused'],
    ['valid in validate', 'out of validate'],
  )
  await wrong(t, run(numbers, lyingValidate({ valid: -1, skipped: 1 }), sink()), [
    'valid in validate',
    'out of validate',
  ])
  await wrong(t, run(numbers, lyingValidate({ skipped: 1 }), sink()), [
    'into validate',
    'valid + skipped + quarantined + unused',
  ])
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
class LyingSink extends Sink<unknown> {
  readonly counts = { received: 0, acknowledged: 0, bytes: 0 }
  readonly #lie: (n: unknown) => { received: number; acknowledged: number }

  constructor(lie: (n: unknown) => { received: number; acknowledged: number }) {
    super()
    this.#lie = lie
  }

  override _write(n: unknown, _encoding: BufferEncoding, callback: () => void): void {
    const { received, acknowledged } = this.#lie(n)
    this.counts.received += received
    this.counts.acknowledged += acknowledged
    callback()
  }
}

t.test('a sink that acknowledges one less or more, or did not see one', async t => {
  const acknowledges = (count: number): AnySink<unknown> =>
    new LyingSink(n => ({ received: 1, acknowledged: n === 3 ? count : 1 }))
  await wrong(t, run(numbers, acknowledges(0)), ['records into the sink', 'records acknowledged'])
  await wrong(t, run(numbers, acknowledges(2)), ['records into the sink', 'records acknowledged'])
  const blind: AnySink<unknown> = new LyingSink(n =>
    n === 3 ? { received: 0, acknowledged: 0 } : { received: 1, acknowledged: 1 },
  )
  await wrong(t, run(numbers, blind), ['passed on', 'into the sink'])
})

t.test('several wrong equations are all named', async t => {
  const source = miscounting(await tenLeads(t), 'scannedOnPages', 1)
  const lying: AnySink<unknown> = new LyingSink(() => ({ received: 1, acknowledged: 0 }))
  await wrong(
    t,
    run(source, lying),
    [scanned, 'elements seen by stream-json'],
    ['records into the sink', 'records acknowledged'],
  )
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
