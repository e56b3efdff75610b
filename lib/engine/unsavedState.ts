import type { OperatorInstance, StepDefinition } from './definition.ts'

/**
 * Why an operator can't run with a checkpoint, and what to do about it; undefined for one that can. It is
 * asked of the instance that is then used: one made only to look at might hold something open for good.
 */
export function unsavedState(
  { name, stateless }: StepDefinition<never, unknown>,
  { save, restore }: OperatorInstance<unknown, unknown>,
): string | undefined {
  if (stateless || (save !== undefined && restore !== undefined)) return undefined
  const missing = save === undefined ? (restore === undefined ? 'save and restore' : 'save') : 'restore'
  return (
    `${JSON.stringify(name)} may hold state, and has no ${missing}: ` +
    'give it both, in operator({ name, create }), or say stateless: true there if it holds nothing'
  )
}
