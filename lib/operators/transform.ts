import { Duplex } from 'node:stream'
import { LeadpipeError, messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { describeStage, Operator } from '../streams/Operator.ts'

/**
 * Any Transform or Duplex as an operator of `run`. `create` is called once for each use. In a plain
 * `pipeline` use the stream itself.
 *
 * What a stream holds can't be saved. With a checkpoint it is ended at each save, what it still gives is handed
 * on, and `create` makes a new one for the next value. A stream that joins values across the whole input (a
 * sort, a digest, one document) gives other results then: one for each part between two saves.
 *
 * @throws {LeadpipeError} OPTION when `create` is no function, or (from `run`) returns no Duplex, or one that
 * was used before; OPERATOR when it throws.
 *
 * @example
 * ```ts
 * transform<Lead, string>(() => new LeadToXml())
 * ```
 */
export function transform<In, Out>(create: () => Duplex): Operator<In, Out> {
  if (typeof create !== 'function') {
    const expected = 'expected a function that makes a stream'
    throw optionError('transform() create', expected, describeStage(create), true)
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
          throw new LeadpipeError('OPERATOR', `transform() create: ${messageOf(cause)}`, {
            cause,
            context: { operator: 'transform' },
          })
        }
        if (!(stream instanceof Duplex)) {
          const expected = 'expected it to return a Transform or Duplex'
          throw optionError('transform() create', expected, describeStage(stream), true)
        }
        if (stream.destroyed || stream.writableEnded) {
          const expected = 'expected it to return a new stream each time'
          throw optionError('transform() create', expected, `${describeStage(stream)} that was used`, true)
        }
        return stream
      },
    },
  ])
}
