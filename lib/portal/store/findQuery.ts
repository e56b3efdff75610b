import { createSubmissionTable } from '../forms/submissionTable.ts'
import { createAttributeIndex } from './schema.ts'

/** The keys by which a single lead can be found, besides its guid. */
export const leadKeys = ['email', 'userToken', 'conversionEventGuid'] as const

/** One of {@link leadKeys}, or the guid. */
export type LeadKey = (typeof leadKeys)[number] | 'guid'

/**
 * The query for the `seq` of the lead with a key. If there are several, leads that are not deleted are first, then
 * the one that converted first; leads that never converted are last.
 */
export function findQuery(key: LeadKey): string {
  return [
    `SELECT lead.seq FROM ${tables[key]} = ?`,
    'ORDER BY lead.isDeleted, lead.firstConvertedAt = 0, lead.firstConvertedAt, lead.seq LIMIT 1',
  ].join(' ')
}

/** SQL that must have run before the query; run when a lead is first searched by such a key. */
export const preparation: Readonly<Partial<Record<LeadKey, string>>> = {
  userToken: createAttributeIndex('userToken'),
  conversionEventGuid: createSubmissionTable,
}

/** Like the queries of lists, these name their index: they would fail instead of reading a million rows. */
const tables: Readonly<Record<LeadKey, string>> = {
  guid: 'lead INDEXED BY lead_by_guid WHERE lead.guid',
  email: 'lead INDEXED BY lead_by_email WHERE lead.email',
  userToken:
    'body INDEXED BY body_by_userToken CROSS JOIN lead ON lead.seq = body.seq WHERE body."userToken"',
  conversionEventGuid:
    'submission INDEXED BY submission_by_guid CROSS JOIN lead ON lead.seq = submission.seq WHERE submission.guid',
}
