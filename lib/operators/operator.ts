import { optionError } from '../model/checkOptions.ts'
import type { Flush, Step, StepDefinition } from './kernel/definition.ts'
import { Operator } from './kernel/Operator.ts'

/**
 * Makes an operator of your own.
 *
 * Without state, a function is enough; with state, give `create`, so that every use has its own.
 *
 * A run with a checkpoint refuses an operator whose state would be lost in a restart. A step alone is taken for
 * stateless; a step with a `flush` holds something back for it, and can't save it. With `create`, give `save`
 * and `restore`, or say `stateless: true` if nothing is held from one value to the next. `save` is called
 * between two values, at each save of the checkpoint, and gives the state as plain JSON; `restore` takes it once,
 * before the first value. That a step returned `done`, and what was counted, is kept without them. `options`,
 * plain JSON, tell what the operator was made with: a checkpoint that was saved with others is refused.
 *
 * A step may be asynchronous; values still come one at a time, in order. What it throws becomes an OPERATOR
 * error that names the operator and the lead. Returning `done` ends the run early.
 *
 * @throws {LeadpipeError} OPTION when the name, the step or `create` is missing.
 *
 * @example
 * ```ts
 * const withDomain = operator<Lead, Lead & { domain: string }>('withDomain', (lead, emit) => {
 *   emit({ ...lead, domain: lead.email?.split('@')[1] ?? '' })
 * })
 *
 * const numbered = operator<Lead, { n: number; lead: Lead }>({
 *   name: 'numbered',
 *   create() {
 *     let n = 0
 *     return {
 *       step: (lead, emit) => emit({ n: ++n, lead }),
 *       save: () => n,
 *       restore: state => { n = Number(state) },
 *     }
 *   },
 * })
 * ```
 */
export function operator<In, Out = In>(
  name: string,
  step: Step<In, Out>,
  flush?: Flush<Out>,
): Operator<In, Out>
export function operator<In, Out = In>(definition: StepDefinition<In, Out>): Operator<In, Out>
export function operator<In, Out>(
  nameOrDefinition: string | StepDefinition<In, Out>,
  step?: Step<In, Out>,
  flush?: Flush<Out>,
): Operator<In, Out> {
  if (typeof nameOrDefinition === 'string') {
    if (typeof step !== 'function') throw optionError('operator() step', 'expected a function', step)
    if (flush !== undefined && typeof flush !== 'function') {
      throw optionError('operator() flush', 'expected a function', flush)
    }
    if (flush === undefined) {
      return new Operator([{ name: nameOrDefinition, stateless: true, create: () => ({ step }) }])
    }
    return new Operator([{ name: nameOrDefinition, create: () => ({ step, flush }) }])
  }
  const { name, create } = nameOrDefinition ?? {}
  if (typeof name !== 'string' || typeof create !== 'function') {
    throw optionError('operator()', 'expected a name and a step, or { name, create }', nameOrDefinition)
  }
  return new Operator([nameOrDefinition])
}
