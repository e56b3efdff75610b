import type { JsonLead } from '../../store/Store.ts'

/**
 * The lead that two merged contacts become: the first one, with what only the second has. It keeps the guid of the
 * first.
 *
 * @param ids the record ids of both contacts
 */
export function mergeLeads(first: JsonLead, second: JsonLead, ids: readonly string[], now: number): JsonLead {
  const merged: Record<string, unknown> = { ...second }
  for (const [name, value] of Object.entries(first)) {
    if (value !== '' && value !== null) merged[name] = value
  }
  const numbers = (name: string): number[] =>
    [first[name], second[name]].filter(value => typeof value === 'number')
  const events = [first, second]
    .flatMap(({ leadConversionEvents: all }) => (Array.isArray(all) ? (all as JsonLead[]) : []))
    .map(event => ({ ...event, leadGuid: first.guid }))
    .toSorted((a, b) => timeOf(a) - timeOf(b))
  return {
    ...merged,
    insertedAt: Math.min(...numbers('insertedAt')),
    lastModifiedAt: Math.max(Math.trunc(now), ...numbers('lastModifiedAt').map(time => time + 1)),
    lastConvertedAt: Math.max(0, ...numbers('lastConvertedAt')),
    numConversionEvents: events.length,
    leadConversionEvents: events,
    isDeleted: false,
    hs_merged_object_ids: joined(first.hs_merged_object_ids, second.hs_merged_object_ids, ...ids),
    ...additionalEmails(first, second),
  }
}

function additionalEmails(first: JsonLead, second: JsonLead): JsonLead {
  const kept = first.email || second.email
  const other = second.email === kept ? undefined : second.email
  const emails = joined(first.hs_additional_emails, second.hs_additional_emails, other)
  return emails === '' ? {} : { hs_additional_emails: emails }
}

/** Several lists of texts as one, as HubSpot writes it. */
function joined(...lists: unknown[]): string {
  return lists.filter(list => typeof list === 'string' && list !== '').join(';')
}

function timeOf({ convertDate }: JsonLead): number {
  return typeof convertDate === 'number' ? convertDate : 0
}
