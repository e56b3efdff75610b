import { optionError } from '../options/checkOptions.ts'
import { recipe } from '../streams/attach.ts'
import { describeStage, Operator } from '../streams/Operator.ts'

/**
 * Several operators as one, in the order given; the result can be composed again, and used wherever one
 * operator can.
 *
 * @throws {LeadpipeError} OPTION when an argument is not an operator.
 *
 * @example
 * ```ts
 * const conversions = compose(explodeEvents(), project(['guid', 'conversionEvent.formName']))
 * ```
 */
export function compose<A, B>(a: Operator<A, B>): Operator<A, B>
export function compose<A, B, C>(a: Operator<A, B>, b: Operator<B, C>): Operator<A, C>
export function compose<A, B, C, D>(a: Operator<A, B>, b: Operator<B, C>, c: Operator<C, D>): Operator<A, D>
export function compose<A, B, C, D, E>(
  a: Operator<A, B>,
  b: Operator<B, C>,
  c: Operator<C, D>,
  d: Operator<D, E>,
): Operator<A, E>
export function compose<A, B, C, D, E, F>(
  a: Operator<A, B>,
  b: Operator<B, C>,
  c: Operator<C, D>,
  d: Operator<D, E>,
  e: Operator<E, F>,
): Operator<A, F>
export function compose<A, B, C, D, E, F, G>(
  a: Operator<A, B>,
  b: Operator<B, C>,
  c: Operator<C, D>,
  d: Operator<D, E>,
  e: Operator<E, F>,
  f: Operator<F, G>,
): Operator<A, G>
export function compose(...operators: Operator<never, unknown>[]): Operator<never, unknown> {
  const owner = 'compose()'
  if (operators.length === 0) {
    throw optionError({ owner, expected: 'at least one operator', received: 'none' })
  }
  for (const [index, part] of operators.entries()) {
    if (part instanceof Operator) continue
    const option = `argument ${index + 1}`
    throw optionError({ owner, option, expected: 'an operator', received: describeStage(part) })
  }
  return new Operator(operators.flatMap(part => part[recipe]))
}
