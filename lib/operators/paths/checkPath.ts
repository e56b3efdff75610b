import { optionError } from '../../options/checkOptions.ts'

/**
 * Checks a dotted path.
 *
 * @throws {LeadpipeError} OPTION when it is no string, or has an empty part.
 */
export function checkPath(owner: string, path: unknown): string {
  if (typeof path === 'string' && path.split('.').every(part => part !== '')) return path
  throw optionError(owner, 'expected a dotted path, for example "crmDetails.status"', path)
}
