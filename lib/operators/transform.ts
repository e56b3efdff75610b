import { Duplex } from 'node:stream'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../model/checkOptions.ts'
import { describeStage } from './kernel/describeStage.ts'
import { messageOf } from './kernel/messageOf.ts'
import { Operator } from './kernel/Operator.ts'

/**
 * Any Transform or Duplex as an operator of `run`. `create` is called once for each use. In a plain
 * `pipeline` use the stream itself.
 *
 * @throws {LeadpipeError} OPTION when `create` is no function, or (from `run`) returns no Duplex; OPERATOR when
 * it throws.
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
        if (stream instanceof Duplex) return stream
        const expected = 'expected it to return a Transform or Duplex'
        throw optionError('transform() create', expected, describeStage(stream), true)
      },
    },
  ])
}
