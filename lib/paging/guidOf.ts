import { Rejected } from '../stage/Rejected.ts'
import type { Element } from './Pager.ts'

/** The guid of an element that has one. */
export function guidOf({ lead }: Element): string | undefined {
  if (lead instanceof Rejected) return undefined
  return typeof lead.guid === 'string' && lead.guid !== '' ? lead.guid : undefined
}
