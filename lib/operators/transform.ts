import { Duplex } from 'node:stream'
import { LeadpipeError, messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { describeStage, Operator } from '../streams/Operator.ts'

/**
 * Any Transform or Duplex as an operator of `run`. `create` is called once for each use. In a plain `pipeline`, use
 * the stream itself.
 *
 * The content of a stream can't be saved. With a checkpoint, the stream is ended at each save, its remaining output
 * is passed on, and `create` makes a new stream for the next value. So a stream that combines values of the whole
 * input (a sort, a digest, one document) has other results: one for each part between two saves.
 *
 * @throws {LeadpipeError} OPTION when `create` is not a function, or (from `run`) does not return a Duplex, or
 * returns one that was used before; OPERATOR when it throws.
 *
 * @example
 * ```ts
 * transform<Lead, string>(() => new LeadToXml())
 * ```
 */
export function transform<In, Out>(create: () => Duplex): Operator<In, Out> {
  if (typeof create !== 'function') {
    throw wrong('a function that creates a stream', describeStage(create))
  }
  return new Operator<In, Out>([
    {
      name: 'transform',
      functions: [create],
      createStream() {
        let stream: Duplex
        try {
          stream = create()
        } catch (cause) {
          if (cause instanceof LeadpipeError) throw cause
          throw new LeadpipeError('OPERATOR', `transform(): create() failed: ${messageOf(cause)}`, {
            cause,
            context: { operator: 'transform' },
          })
        }
        if (!(stream instanceof Duplex)) {
          throw wrong('a function that returns a Transform or Duplex', describeStage(stream))
        }
        if (stream.destroyed || stream.writableEnded) {
          throw wrong(
            'a function that returns a new stream each time',
            `${describeStage(stream)} used before`,
          )
        }
        return stream
      },
    },
  ])
}

const wrong = (expected: string, received: string) =>
  optionError({ owner: 'transform()', option: 'create', expected, received })
