import { timeOf } from '../../crm/convertValue.ts'
import { isRecordId } from '../../crm/recordId.ts'
import { describe, LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { BatchCounts } from './batchCounts.ts'
import type { Element } from './CrmRequest.ts'

/** What a search returned, beside the records. */
export interface SearchCounts extends BatchCounts {
  /** Records that search returned although they are not in the requested range: they were dropped. */
  outside: number
  /** Records that search returned again, because others left the range while it was read. */
  repeated: number
  /** Records that search counted (`total`) but did not return: its index lags behind, or they left the range. */
  unlisted: number
}

/** A list that is read by search: what its stretches share. */
export interface SearchList {
  /** The property with the time of the last modification. */
  readonly property: string
  /** Records in a full page of a search. */
  readonly pageSize: number
  /** How many of the records that match a search can be reached. */
  readonly reach: number
  readonly counts: SearchCounts
  /** The last time in the list; infinite until the server's time is known. */
  stop: number
  /** Whether the time of a record far back in a search shows where to divide a range. */
  isSorted: boolean
}

/** A record as search returns it. */
export interface Row {
  readonly id: string
  /** The time of its last modification. */
  readonly time: number
}

/** @throws {LeadpipeError} DECODE for an element that is not a record, PAGING for a record that has no such time */
export function rowOf({ value }: Element, property: string): Row {
  if (value instanceof Rejected) {
    throw new LeadpipeError('DECODE', `the answer to a search can't be read: ${value.message}`, {
      context: { problem: 'malformed' },
    })
  }
  const { id, properties } = value
  if (!isRecordId(id)) throw unusable(`received the id ${describe(id)}, expected decimal digits`)
  const text = properties?.[property]
  const time = text === null || text === undefined ? undefined : timeOf(text)?.getTime()
  if (time !== undefined) return { id, time }
  throw unusable(`expected a time at properties.${property} of record ${id}, received ${describe(text)}`)
}

/** @throws {LeadpipeError} PAGING for an answer without the number of matching records */
export function totalOf(envelope: unknown): number {
  const { total } = (envelope ?? {}) as { total?: unknown }
  if (Number.isSafeInteger(total)) return total as number
  throw unusable(`expected the number of matching records at total, received ${describe(total)}`)
}

/** The error for a search whose answers can't be used. */
export const unusable = (problem: string) =>
  new LeadpipeError('PAGING', `the records can't be read by the time of their modification: ${problem}`)
