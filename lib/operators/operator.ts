import type { Flush, OwnStepDefinition, Step, StepDefinition } from '../engine/definition.ts'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * Makes an operator of your own.
 *
 * Without state, a function is enough. With state, give `create`, so that every use has its own.
 *
 * A run with a checkpoint refuses an operator whose state would be lost in a restart. A single step counts as
 * stateless. A step with a `flush` holds values back and can't save them, so it is refused. With `create`, give
 * `save` and `restore`, or `stateless: true` if nothing is held from one value to the next. `save` is called between
 * two values, at each save of the checkpoint, and returns the state as plain JSON. `restore` receives it once,
 * before the first value. Counts, and the fact that a step returned `done`, are saved without them. `options`, plain
 * JSON, describe how the operator was created: a checkpoint that was saved with other options is refused.
 *
 * A step may be asynchronous; values still arrive one at a time, in order. If it throws, the run fails with an
 * OPERATOR error that names the operator and the lead. Returning `done` ends the run early.
 *
 * @throws {LeadpipeError} OPTION when the name, the step or `create` is missing or wrong, and for an unknown key.
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
  const definition =
    typeof nameOrDefinition === 'string'
      ? ofSteps(nameOrDefinition, step, flush)
      : ofDefinition(nameOrDefinition)
  return new Operator<In, Out>([definition])
}

const owner = 'operator()'
const rules: OptionRules = {
  owner,
  options: {
    name: { type: 'string', minLength: 1, expected: "a name, such as 'dedupe'" },
    create: { instanceOf: 'Function', expected: 'a function' },
    stateless: { const: true, expected: 'true, or undefined' },
    options: { expected: 'plain JSON' },
  },
}

function ofSteps<In, Out>(
  name: string,
  step: Step<In, Out> | undefined,
  flush: Flush<Out> | undefined,
): OwnStepDefinition<In, Out> {
  checkOptions({ name }, rules)
  const notFunction = (option: string, value: unknown) =>
    optionError({ owner, option, expected: 'a function', received: describe(value) })
  if (typeof step !== 'function') throw notFunction('step', step)
  if (flush === undefined) return { name, stateless: true, functions: [step], create: () => ({ step }) }
  if (typeof flush !== 'function') throw notFunction('flush', flush)
  return { name, functions: [step, flush], create: () => ({ step, flush }) }
}

function ofDefinition<In, Out>(given: StepDefinition<In, Out>): OwnStepDefinition<In, Out> {
  if (typeof given !== 'object' || given?.name === undefined || given.create === undefined) {
    const expected = 'a name and a step, or { name, create }'
    throw optionError({ owner, expected, received: describe(given) })
  }
  checkOptions(given, rules)
  const { name, stateless, options } = given
  return {
    name,
    ...(stateless === undefined ? {} : { stateless }),
    ...(options === undefined ? {} : { options }),
    functions: [given.create],
    // `create` may be a method of a class.
    create: () => given.create(),
  }
}
