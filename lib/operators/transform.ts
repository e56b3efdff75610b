import { Duplex } from 'node:stream'
import { LeadpipeError } from '../errors.ts'
import { describe, optionError } from '../model/checkOptions.ts'
import { Operator } from './kernel/Operator.ts'

/**
 * Any Transform or Duplex as an operator of `run`. `create` is called once for each use. In a plain
 * `pipeline` use the stream itself.
 *
 * @throws {LeadpipeError} OPTION when `create` is no function, or (from `run`) returns no Duplex.
 *
 * @example
 * ```ts
 * transform<Lead, string>(() => new LeadToXml())
 * ```
 */
export function transform<In, Out>(create: () => Duplex): Operator<In, Out> {
  if (typeof create !== 'function') {
    throw optionError('transform() create', 'expected a function that makes a stream', create)
  }
  return new Operator<In, Out>([
    {
      name: 'transform',
      createStream() {
        const stream = create()
        if (stream instanceof Duplex) return stream
        throw new LeadpipeError(
          'OPTION',
          `transform() create: expected it to return a Transform or Duplex, received ${describe(stream)}`,
        )
      },
    },
  ])
}
