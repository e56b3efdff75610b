import { createAttributeIndex, createEventTable } from './schema.ts'

/** What a single lead can be found by, besides its guid. */
export const leadKeys = ['email', 'userToken', 'conversionEventGuid'] as const

/** One of {@link leadKeys}, or the guid. */
export type LeadKey = (typeof leadKeys)[number] | 'guid'

/**
 * The query for the `seq` of the lead with a key. Of several, those that are not deleted come first, then the
 * one that converted first; those that never did come last.
 */
export function findQuery(key: LeadKey): string {
  return [
    `SELECT lead.seq FROM ${tables[key]} = ?`,
    'ORDER BY lead.isDeleted, lead.firstConvertedAt = 0, lead.firstConvertedAt, lead.seq LIMIT 1',
  ].join(' ')
}

/** What must be there before the query; made when a lead is first looked for by such a key. */
export const preparation: Readonly<Partial<Record<LeadKey, string>>> = {
  userToken: createAttributeIndex('userToken'),
  conversionEventGuid: createEventTable,
}

/** As the lists' queries, these name their index: they would fail rather than read a million rows. */
const tables: Readonly<Record<LeadKey, string>> = {
  guid: 'lead INDEXED BY lead_by_guid WHERE lead.guid',
  email: 'lead INDEXED BY lead_by_email WHERE lead.email',
  userToken:
    'body INDEXED BY body_by_userToken CROSS JOIN lead ON lead.seq = body.seq WHERE body."userToken"',
  conversionEventGuid:
    'event INDEXED BY event_by_guid CROSS JOIN lead ON lead.seq = event.seq WHERE event.guid',
}
