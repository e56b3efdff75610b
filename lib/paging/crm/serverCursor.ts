import { describe, LeadpipeError } from '../../errors.ts'

/**
 * The cursor of the next page, `paging.next.after` of an answer; undefined at the end of the list: only a page without
 * `paging.next` is the last one, a short or empty page proves nothing.
 *
 * @param list for messages, such as "the list of forms"
 * @throws {LeadpipeError} PAGING for a next page without a cursor
 */
export function serverCursor(list: string, envelope: unknown): string | undefined {
  const { paging } = (envelope ?? {}) as { paging?: { next?: { after?: unknown } | null } | null }
  if (paging?.next == null) return undefined
  const { after } = paging.next
  if ((typeof after === 'string' && after !== '') || Number.isSafeInteger(after)) return String(after)
  const problem = `${list}: expected a cursor at paging.next.after, received ${describe(after)}`
  throw new LeadpipeError('PAGING', problem)
}

/** The error for a page with more elements than requested. */
export const tooMany = (max: number) =>
  new LeadpipeError('PAGING', `expected at most ${max} records in the page, as requested, received more`)
