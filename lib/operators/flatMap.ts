import { isThenable } from '../async/promises.ts'
import type { Emit, StepControl } from '../engine/definition.ts'
import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/** Several values: an array, a generator, any other iterable or async iterable, but not a string. */
export type Several<T> = Iterable<T> | AsyncIterable<T>

/**
 * Replaces each value by any number of others: by the items of the iterable that `change` returns, or of the one that
 * its promise resolves to. An empty array leaves the value out.
 *
 * The items of an array are emitted at once. Any other iterable, async or not, is read one item at a time, and only while
 * the stages after it have room, so it may be longer than memory. If the run ends early, it is closed (`return()`), so that
 * a generator can clean up in `finally`.
 *
 * @throws {LeadpipeError} OPTION when `change` is not a function. The stream fails with OPERATOR if it returns something
 * else than an iterable, or a string.
 *
 * @example
 * ```ts
 * flatMap((lead: Lead) => lead.leadConversionEvents ?? [])
 *
 * flatMap(async function* (lead: Lead) {
 *   for (let page = 1; page <= 3; page += 1) yield* await notesOf(lead.guid, page)
 * })
 * ```
 */
export function flatMap<In, Out>(
  change: (value: In) => Several<Out> | PromiseLike<Several<Out>>,
): Operator<In, Out> {
  if (typeof change !== 'function') {
    const received = describe(change)
    throw optionError({ owner: 'flatMap()', option: 'change', expected: 'a function', received })
  }
  return new Operator<In, Out>([
    {
      name: 'flatMap',
      stateless: true,
      functions: [change],
      create: () => ({
        step(value: In, emit: Emit<Out>, _line: unknown, control: StepControl) {
          const result = change(value)
          return isThenable(result)
            ? Promise.resolve(result).then(items => emitAll(items, emit, control))
            : emitAll(result, emit, control)
        },
      }),
    },
  ])
}

function emitAll<T>(items: Several<T>, emit: Emit<T>, control: StepControl): void | Promise<void> {
  if (Array.isArray(items)) {
    for (const item of items) emit(item)
    return undefined
  }
  if (
    typeof items === 'object' &&
    items !== null &&
    (Symbol.asyncIterator in items || Symbol.iterator in items)
  ) {
    return emitInTurn(items, emit, control)
  }
  const kind = items === null ? 'null' : `a value of type ${typeof items}`
  throw new TypeError(`the function must return an iterable, such as an array, but returned ${kind}`)
}

async function emitInTurn<T>(items: Several<T>, emit: Emit<T>, control: StepControl): Promise<void> {
  let count = 0
  for await (const item of items) {
    if (control.isStopped) break
    emit(item)
    await control.room()
    count += 1
    // Lets timers, I/O and an abort in, also if nothing waits for them.
    if (count % 1_000 === 0) await new Promise(setImmediate)
    // The rest is not needed, and may be endless.
    if (control.isStopped) break
  }
}
