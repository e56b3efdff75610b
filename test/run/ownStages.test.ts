import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Readable, Transform, Writable } from 'node:stream'
import { ReadableStream, WritableStream } from 'node:stream/web'
import fc from 'fast-check'
import t from 'tap'
import { type CheckpointMessage, map, run, sink, source, transform } from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Numbered, numbered, numbersOf } from '../support/numbered.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

/** A table that a process leaves behind: rows of an open transaction are lost. */
class Table {
  readonly rows: number[] = []
  /** The rows of the transaction. */
  #open: number[] = []

  begin(from: number): void {
    this.rows.length = from
    this.#open = []
  }

  insert(row: number): void {
    this.#open.push(row)
  }

  commit(): number {
    this.rows.push(...this.#open)
    this.#open = []
    return this.rows.length
  }
}

/** Copies numbers in batches of the given sizes to a table. `step` is called wherever a process may fail. */
function copy(
  work: Workplace,
  table: Table,
  sizes: readonly number[],
  step: () => void,
  signal: AbortSignal,
) {
  const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0))
  const numbers = source<Numbered, number>('numbers', async function* ({ from = 0 }) {
    let start = from
    for (const end of ends.filter(end => end > from)) {
      await turns(end % 3)
      step()
      yield { records: numbered(end).slice(start), position: end }
      start = end
    }
  })
  const toTable = sink<Numbered, number>('toTable', ({ state = 0 }) => {
    step()
    table.begin(state)
    return {
      async write({ n }) {
        if (n % 2 === 0) await turns(1)
        step()
        table.insert(n)
      },
      flush() {
        step()
        const state = table.commit()
        step()
        return state
      },
      commit: step,
    }
  })
  const passing = map((record: Numbered) => {
    step()
    return record
  })
  return run(numbers, passing, toTable, {
    checkpoint: { path: work.checkpoint, every: { leads: 3 } },
    signal,
  })
}

t.test(
  'source() and sink(): whatever fails between two starts, every record arrives exactly once',
  async t => {
    const work = new Workplace(t)
    const fault = fc.record({
      after: fc.integer({ min: 1, max: 40 }),
      how: fc.constantFrom('throw' as const, 'abort' as const),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }),
        fc.array(fault, { maxLength: 5 }),
        async (sizes, faults) => {
          work.clear()
          const table = new Table()
          for (const fault of [...faults, undefined]) {
            const abort = new AbortController()
            let steps = 0
            const step = () => {
              steps += 1
              if (steps !== fault?.after) return
              if (fault.how === 'throw') throw new Error('a fault')
              abort.abort('a fault')
            }
            const outcome = await copy(work, table, sizes, step, abort.signal).catch(
              (error: unknown) => error,
            )
            if (fault !== undefined && String(outcome).includes('a fault')) continue
            const count = sizes.reduce((sum, size) => sum + size, 0)
            t.match(outcome, { read: count, records: count, sink: { received: count, acknowledged: count } })
            t.strictSame(table.rows, numbersOf(numbered(count)))
            return
          }
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 15) },
    )
  },
)

t.test('checkpoint: an abort during the first save waits for it, so that saves never overlap', async t => {
  const work = new Workplace(t)
  const steps: string[] = []
  const listen = (message: unknown) => steps.push((message as CheckpointMessage).step)
  subscribe('leadpipe:checkpoint', listen)
  t.teardown(() => unsubscribe('leadpipe:checkpoint', listen))
  const abort = new AbortController()
  const numbers = source('numbers', () => [{ records: [1, 2, 3], position: 3 }])
  const aborting = sink<number>('aborting', () => ({ write() {}, flush: () => abort.abort('no') }))
  const outcome = run(numbers, aborting, { checkpoint: work.checkpoint, signal: abort.signal })
  t.equal(await failureOf(outcome), 'no')
  t.strictSame(steps, ['flushed', 'saved', 'flushed', 'saved'])
})

t.test('run: a Readable, a Transform, a Writable and web streams of your own', async t => {
  const values = numbered(40)
  const doubled = () =>
    new Transform({
      objectMode: true,
      transform: ({ n }: Numbered, _encoding, callback) => callback(null, { n: 2 * n }),
    })
  for (const from of [() => Readable.from(values), () => ReadableStream.from(values)]) {
    for (const isWeb of [false, true]) {
      const seen: Numbered[] = []
      const to = isWeb
        ? new WritableStream<Numbered>({
            write(record) {
              seen.push(record)
            },
          })
        : new Writable({
            objectMode: true,
            write(record, _encoding, callback) {
              seen.push(record)
              setImmediate(callback)
            },
          })
      const report = await run(from(), transform<Numbered, Numbered>(doubled), to)
      t.strictSame(
        seen,
        values.map(({ n }) => ({ n: 2 * n })),
      )
      t.match(report, { read: 40, records: 40 })
    }
  }
})
