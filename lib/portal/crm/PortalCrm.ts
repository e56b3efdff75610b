import type { NewRecord, Properties } from './records/NewRecord.ts'

/**
 * The CRM objects of a portal, to change them in code. A type is a name or a type id: `contacts`, `0-1`, `2-123`. A
 * merged record is also found under its old ids.
 *
 * Every call throws PortalError LEADS for a type that the portal does not have, for an id that no record has, and for
 * a property that can't be set; then nothing is changed.
 */
export interface PortalCrm {
  /** Number of records that are not archived. Counted at each call. */
  count(type: string): number
  /** The ids of the records that are not archived, ascending. They are read while they are iterated over. */
  ids(type: string): Iterable<string>
  /**
   * Adds records after the others, all or none, and returns their ids. A contact becomes a lead with a new guid; only
   * properties that a lead has a field for can be set, and custom ones that the option `properties` names.
   */
  insert(type: string, records: Iterable<NewRecord>): string[]
  /**
   * Changes properties of a record, and the time of its last modification: to now, or to that of the property itself
   * if it is among them. A calculated or derived property of contacts can't be set.
   */
  update(type: string, id: string, properties: Properties): void
  /** Archives a record: only `archived=true` shows it. Its time of modification stays. No effect if it is archived. */
  archive(type: string, id: string): void
  /** Makes an archived record an ordinary one again, and sets its time of modification to now. */
  unarchive(type: string, id: string): void
  /**
   * Merges two records into a new one, and returns its id, which is higher than all others. The values are those of
   * the first, and those of the second that the first lacks; the associations are those of both. The old ids answer
   * with the new record, whose `hs_merged_object_ids` names them. A merged contact keeps the guid of the first, and
   * is one lead.
   */
  merge(type: string, first: string, second: string): string
  /** Associates a record with others: their ids, by type. */
  associate(type: string, id: string, associations: NonNullable<NewRecord['associations']>): void
}
