import { describe, LeadpipeError } from '../../errors.ts'

/**
 * The cursor of the next page, `paging.next.after` of an answer; undefined at the end of the list.
 *
 * @throws {LeadpipeError} PAGING for a next page without a cursor
 */
export function serverCursor(envelope: unknown): string | undefined {
  const { paging } = (envelope ?? {}) as { paging?: { next?: { after?: unknown } | null } | null }
  const next = paging?.next
  if (next === undefined || next === null) return undefined
  const { after } = next
  if ((typeof after === 'string' && after !== '') || Number.isSafeInteger(after)) return String(after)
  const problem = `expected the cursor of the next page at paging.next.after, received ${describe(after)}`
  throw new LeadpipeError('PAGING', problem)
}

/** The error for a page with more elements than requested. */
export const tooMany = (max: number) =>
  new LeadpipeError('PAGING', `expected at most ${max} records in the page, as requested, received more`)
