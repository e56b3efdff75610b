import type { Lead } from '../../lib/lead/Lead.ts'
import type { Element } from '../../lib/paging/LeadPlan.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

/** An element of a page: a lead, or a malformed element with this text. */
export function elementOf(lead: object | string): Element {
  if (typeof lead !== 'string') return { value: lead as Lead, raw: JSON.stringify(lead) }
  const place = { page: 1, element: 0, byte: 0 }
  return { value: new Rejected('malformed', 'it is not valid JSON', lead, place), raw: lead }
}

/** The name of an element in tests: its guid or its text. */
export const nameOf = ({ value, raw }: Element): string =>
  value instanceof Rejected ? value.raw : (value.guid ?? String(raw))
