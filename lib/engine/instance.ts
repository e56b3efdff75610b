import { LeadpipeError, messageOf } from '../errors.ts'
import { plainJson } from '../stage/plainJson.ts'
import type { Json } from '../stage/Stage.ts'
import type {
  OperatorInstance,
  OwnInstance,
  OwnStepDefinition,
  SideOutput,
  SideOutputs,
  StepDefinition,
} from './definition.ts'

/**
 * Creates an instance of an operator.
 *
 * @throws {LeadpipeError} OPERATOR when `create` throws, or does not return an object with a step
 */
export function createInstance(
  definition: OwnStepDefinition<never, unknown>,
  outputs: SideOutputs<SideOutput> | undefined,
): OwnInstance<unknown, unknown> {
  let instance: OwnInstance<unknown, unknown> | undefined
  try {
    instance = definition.create(outputs) as OwnInstance<unknown, unknown> | undefined
  } catch (error) {
    throw operatorError(definition.name, error)
  }
  if (typeof instance?.step === 'function') return instance
  throw operatorError(definition.name, new TypeError('create() must return an object with a step'))
}

/**
 * The state of an operator between two values; undefined for no state.
 *
 * @throws {LeadpipeError} OPERATOR when `save` throws, or returns a value that is not plain JSON
 */
export function saveInstance(name: string, instance: OwnInstance<unknown, unknown>): Json {
  let state: Json
  try {
    state = instance.save?.()
  } catch (error) {
    throw operatorError(name, error, undefined, 'save()')
  }
  try {
    return state === undefined ? undefined : plainJson(state, 'what save() returns')
  } catch (error) {
    throw operatorError(name, error)
  }
}

/**
 * Passes a saved state back to its operator.
 *
 * @throws {LeadpipeError} OPERATOR when `restore` throws, or does not exist
 */
export function restoreInstance(name: string, instance: OwnInstance<unknown, unknown>, state: Json): void {
  try {
    if (instance.restore === undefined)
      throw new TypeError('there is a saved state, but no restore() to receive it')
    instance.restore(state)
  } catch (error) {
    throw operatorError(name, error, undefined, 'restore()')
  }
}

/** An operator that may hold state which can't be saved. */
export interface UnsavedState {
  /** Its name. */
  readonly operator: string
  /** The methods that it lacks, in words. */
  readonly missing: string
}

/**
 * Why an operator can't run with a checkpoint; undefined for one that can. The check is made on the instance that is
 * used later: an instance created only for the check might keep a resource open forever.
 */
export function unsavedState(
  { name, stateless }: StepDefinition<never, unknown>,
  { save, restore }: OperatorInstance<unknown, unknown>,
): UnsavedState | undefined {
  if (stateless || (save !== undefined && restore !== undefined)) return undefined
  const missing = save === undefined ? (restore === undefined ? 'save and restore' : 'save') : 'restore'
  return { operator: name, missing }
}

/** The error for null or undefined as an output. */
export const nothingEmitted = (value: unknown): TypeError =>
  new TypeError(`it emitted ${value}, which a Node stream can't carry; use filter to omit values`)

/**
 * An error that an operator's code threw, as an OPERATOR error; leadpipe's own errors stay as they are.
 *
 * @param value the input of the step; the message contains its guid, and nothing else from it
 * @param method the method that threw, if it is not the step
 */
export function operatorError(name: string, cause: unknown, value?: unknown, method?: string): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const guid = (value as { guid?: unknown } | null | undefined)?.guid
  const where = typeof guid === 'string' ? `, lead ${guid}` : ''
  const what = method === undefined ? '' : `${method}: `
  return new LeadpipeError('OPERATOR', `${name}${where}: ${what}${messageOf(cause)}`, {
    cause,
    context: { operator: name, ...(typeof guid === 'string' ? { guid } : {}) },
  })
}
