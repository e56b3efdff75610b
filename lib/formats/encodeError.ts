import { LeadpipeError, messageOf } from '../errors.ts'

/**
 * A SINK error about a record that can't be written in a format.
 *
 * @param number its place among the records, from 1
 */
export function encodeError(record: unknown, number: number, cause: unknown): LeadpipeError {
  const guid = (record as { guid?: unknown } | undefined)?.guid
  const who = typeof guid === 'string' ? `record ${number} (guid ${guid})` : `record ${number}`
  return new LeadpipeError('SINK', `${who} can't be written: ${messageOf(cause)}`, {
    cause,
    context: { record: number, ...(typeof guid === 'string' ? { guid } : {}) },
  })
}
