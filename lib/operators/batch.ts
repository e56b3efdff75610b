import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { equation } from '../stage/Stage.ts'
import { Operator } from '../streams/Operator.ts'

/** The size of the arrays that {@link batch} emits. */
export interface BatchSize {
  /** The number of values in a batch, 1 to 100,000. */
  count: number
  /**
   * The largest batch, in bytes of its values as JSON in UTF-8, without separators; 1 or more. A single value that is
   * larger is a batch of its own. Default: any size.
   */
  bytes?: number | undefined
}

/** What the options accept. */
export const batchRules = {
  owner: 'batch()',
  options: {
    count: integer({ min: 1, max: 100_000 }),
    bytes: integer({ min: 1, unit: 'bytes' }),
  },
} satisfies OptionRules

/**
 * Collects values into arrays of `count`, or of fewer if `bytes` is reached before. The last batch has the values that
 * remain; there is no empty one.
 *
 * With a checkpoint, the values of a batch that is not full are saved in it. So they must be plain JSON, and a restart
 * changes no batch. Everything that was collected is in memory: limit `bytes` if values may be large.
 *
 * @throws {LeadpipeError} OPTION for a wrong size. With a checkpoint, the run fails with OPERATOR when a value is not
 * plain JSON; with `bytes`, also when it can't be written as JSON.
 *
 * @example
 * ```ts
 * batch({ count: 500, bytes: 1_000_000 })
 * ```
 */
export function batch<T>(size: BatchSize): Operator<T, T[]> {
  const { count, bytes } = checkOptions(size, batchRules)
  if (count === undefined) {
    const { expected } = batchRules.options.count
    throw optionError({ owner: 'batch()', option: 'count', expected, received: 'none' })
  }
  return new Operator<T, T[]>([
    {
      name: 'batch',
      options: { count, ...(bytes === undefined ? {} : { bytes }) },
      equations: ({ in: into, own, unused = 0 }) => [
        equation('into batch', 'batched + unused', into, (own.batched ?? 0) + unused),
      ],
      create() {
        let held: T[] = []
        let heldBytes = 0
        let batched = 0
        const emitHeld = (emit: (values: T[]) => void) => {
          const values = held
          held = []
          heldBytes = 0
          batched += values.length
          emit(values)
        }
        return {
          step(value: T, emit: (values: T[]) => void) {
            const size = bytes === undefined ? 0 : bytesOf(value)
            if (bytes !== undefined && held.length > 0 && heldBytes + size > bytes) emitHeld(emit)
            held.push(value)
            heldBytes += size
            if (held.length >= count || (bytes !== undefined && heldBytes >= bytes)) emitHeld(emit)
          },
          flush(emit: (values: T[]) => void) {
            if (held.length > 0) emitHeld(emit)
          },
          save: () => ({ held, heldBytes, batched }),
          restore(state: unknown) {
            ;({ held, heldBytes, batched } = state as { held: T[]; heldBytes: number; batched: number })
          },
          counts: () => ({ batched }),
        }
      },
    },
  ])
}

function bytesOf(value: unknown): number {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`a value of type ${typeof value} has no JSON`)
  return Buffer.byteLength(text)
}
