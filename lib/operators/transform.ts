import { Duplex, PassThrough } from 'node:stream'
import { nothingEmitted } from '../engine/instance.ts'
import { LeadpipeError, messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { describeStage, Operator } from '../streams/Operator.ts'

/**
 * Any Transform or Duplex, or an async generator, as an operator of `run`. `create` is called once for each use. In a
 * plain `pipeline`, use the stream or the generator function itself.
 *
 * The content of a stream, or of a generator, can't be saved. With a checkpoint, it is ended at each save, its remaining
 * output is passed on, and `create` makes a new one for the next value. So one that combines values of the whole input (a
 * sort, a digest, one document) has other results: one for each part between two saves.
 *
 * A generator must read its input to the end: one that returns before fails the run with OPERATOR, since the records
 * that it leaves would be lost. `take` ends a run early. When a run ends early, fails or is aborted, reading the next
 * record throws, so the generator's `finally` blocks run. null and undefined are refused with OPERATOR.
 *
 * @param create returns a new stream; or receives the records, and returns an async iterable of other ones
 * @throws {LeadpipeError} OPTION when `create` is not a function, or (from `run`) returns something else, or a stream
 * that was used before; OPERATOR when it throws.
 *
 * @example
 * ```ts
 * transform<Lead, string>(() => new LeadToXml())
 *
 * transform(async function* (leads: AsyncIterable<Lead>) {
 *   let previous: Lead | undefined
 *   for await (const lead of leads) {
 *     yield { ...lead, afterPrevious: lead.insertedAt - (previous?.insertedAt ?? lead.insertedAt) }
 *     previous = lead
 *   }
 * })
 * ```
 */
export function transform<In, Out>(
  create: (records: AsyncIterable<In>) => AsyncGenerator<Out>,
): Operator<In, Out>
export function transform<In, Out>(create: () => Duplex): Operator<In, Out>
export function transform<In, Out>(
  create: (records: AsyncIterable<In>) => AsyncIterable<Out>,
): Operator<In, Out>
export function transform<In, Out>(create: (records: AsyncIterable<In>) => unknown): Operator<In, Out> {
  if (typeof create !== 'function') {
    throw wrong('a function that creates a stream, or an async generator function', describeStage(create))
  }
  return new Operator<In, Out>([
    { name: 'transform', functions: [create], createStream: () => createStream(create as Create) },
  ])
}

type Create = (records: AsyncIterable<unknown>) => unknown

function createStream(create: Create): Duplex {
  const input = new PassThrough({ objectMode: true })
  // Only what a loop needs: a function that creates a stream may take the records for its options.
  const records = { [Symbol.asyncIterator]: () => input[Symbol.asyncIterator]() }
  let created: unknown
  try {
    created = create(records)
  } catch (cause) {
    if (cause instanceof LeadpipeError) throw cause
    throw new LeadpipeError('OPERATOR', `transform(): create() failed: ${messageOf(cause)}`, {
      cause,
      context: { operator: 'transform' },
    })
  }
  if (!(created instanceof Duplex)) {
    if (isAsyncIterable(created)) return generatorStream(input, created)
    throw wrong('a function that returns a Transform, a Duplex or an async iterable', describeStage(created))
  }
  if (created.destroyed || created.writableEnded) {
    throw wrong('a function that returns a new stream each time', `${describeStage(created)} used before`)
  }
  return created
}

/**
 * A user's async generator as a Duplex. `Duplex.from` would not do: when its generator has returned, a write to it
 * stays pending.
 *
 * @param input where the generator reads what is written to the Duplex
 * @param generator its output
 */
function generatorStream(input: PassThrough, generator: AsyncIterable<unknown>): Duplex {
  // An error of the input is thrown in the generator.
  input.on('error', () => {})
  const values = generator[Symbol.asyncIterator]()
  return new Duplex({
    objectMode: true,
    write(record, _encoding, callback) {
      if (input.write(record)) callback()
      else input.once('drain', callback)
    },
    final(callback) {
      input.end(callback)
    },
    read() {
      values.next().then(
        ({ done, value }) => {
          if (!done && (value === null || value === undefined)) this.destroy(nothingEmitted(value))
          else if (!done) this.push(value)
          else if (input.readableEnded) this.push(null)
          else this.destroy(new Error(returnedEarly))
        },
        error => this.destroy(error),
      )
    },
    destroy(error, callback) {
      input.destroy(error ?? undefined)
      // It may wait for something that never comes.
      values.return?.().then(undefined, () => {})
      callback(error)
    },
  })
}

const returnedEarly = 'it returned before the end of its input; to end a run early, use take()'

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function'

const wrong = (expected: string, received: string) =>
  optionError({ owner: 'transform()', option: 'create', expected, received })
