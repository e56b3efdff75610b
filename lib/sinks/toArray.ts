import { describe, LeadpipeError } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import type { SinkRun } from '../stage/SinkStage.ts'
import { SinkWritable } from '../streams/SinkWritable.ts'

/** How much an array sink may hold. */
export interface ArrayOptions {
  /** The maximum number of records, 1 or more; one more is a SINK error. Required, because memory is limited. */
  max: number
}

const max = integer({ min: 1, unit: 'records' })
const rules: OptionRules = { owner: 'toArray()', options: { max } }

/** Collects records in memory. Made by `toArray()`. */
export class ArraySink<T> extends SinkWritable<T> {
  /** The records so far. */
  readonly records: T[]

  constructor(max: number) {
    const records: T[] = []
    super({ name: 'toArray', open: async () => new ArrayRun(records, max) })
    this.records = records
  }
}

class ArrayRun<T> implements SinkRun<T> {
  readonly #records: T[]
  readonly #max: number
  #received = 0

  constructor(records: T[], max: number) {
    this.#records = records
    this.#max = max
  }

  counts(): { received: number; acknowledged: number; bytes: number } {
    return { received: this.#received, acknowledged: this.#records.length, bytes: 0 }
  }

  write(record: T): void {
    this.#received += 1
    if (this.#records.length === this.#max) {
      const remedy = { owner: rules.owner, option: 'max', to: 'a higher number, or write to a file' }
      throw new LeadpipeError('SINK', `toArray() takes at most ${this.#max} records, received one more`, {
        context: { max: this.#max, remedy },
      })
    }
    this.#records.push(record)
  }

  async prepare(): Promise<void> {}
  async commit(): Promise<void> {}
  async end(): Promise<void> {}
}

/**
 * Collects records in memory, for tests and small results.
 *
 * @throws {LeadpipeError} OPTION if `max` is missing or wrong.
 *
 * @example
 * ```ts
 * const sink = toArray<Lead>({ max: 100 })
 * await run(leads(client, { limit: 100 }), sink)
 * console.log(sink.records.length)
 * ```
 */
export function toArray<T = unknown>(options: ArrayOptions): ArraySink<T> {
  const checked = checkOptions(options, rules)
  if (checked.max !== undefined) return new ArraySink<T>(checked.max)
  const { owner } = rules
  throw optionError({ owner, option: 'max', expected: max.expected, received: describe(checked.max) })
}
