import { crmRefusal } from '../crm/crmRefusal.ts'
import { readInteger } from '../list/readParameter.ts'

/** How many elements a page may have. */
export interface Limits {
  readonly name: string
  readonly default: number
  readonly most: number
}

/** @throws Refusal 400 for a value that is not within 1 and the greatest. */
export function readLimit(query: URLSearchParams, { name, default: otherwise, most }: Limits): number {
  const limit = readInteger(query, name) ?? otherwise
  if (limit >= 1 && limit <= most) return limit
  throw crmRefusal(400, `Parameter ${name}: expected a whole number from 1 to ${most}, got ${limit}`)
}
