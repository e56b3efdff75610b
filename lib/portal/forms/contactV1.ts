import type { Property, StoredRecord } from '../crm/properties/Property.ts'
import { timeOf } from '../crm/properties/values.ts'
import { portalId } from '../data/portalId.ts'
import { isObject } from '../leads/isObject.ts'
import type { JsonLead } from '../store/Store.ts'

/** Which submissions of a contact are listed. */
export const submissionModes = ['newest', 'oldest', 'all', 'none'] as const

/** What a request wants to know about each contact. */
export interface Wanted {
  readonly submissions: (typeof submissionModes)[number]
  readonly properties: readonly Property[]
}

/** A contact in the form of the old API. */
export function contactV1(record: StoredRecord, { submissions, properties }: Wanted): object {
  const vid = Number(record.id)
  const lead = record.source
  return {
    addedAt: record.createdAt,
    vid,
    'canonical-vid': vid,
    'merged-vids': listOf(lead.hs_merged_object_ids).map(Number),
    'portal-id': portalId,
    'is-contact': true,
    properties: Object.fromEntries(
      properties.flatMap(property => {
        const value = property.of(record)
        return value === null ? [] : [[property.name, { value: oldValue(property, value) }]]
      }),
    ),
    'form-submissions': submissionsOf(lead, submissions),
    'identity-profiles': [{ vid, identities: identitiesOf(lead) }],
    'merge-audits': [],
  }
}

/** The old API writes times in milliseconds. */
const oldValue = ({ type }: Property, value: string): string =>
  type === 'datetime' ? String(timeOf(value)) : value

function submissionsOf(lead: JsonLead, mode: Wanted['submissions']): object[] {
  const { leadConversionEvents: events } = lead
  const newestFirst = (Array.isArray(events) ? events.filter(isObject) : [])
    .filter(({ formGuid }) => typeof formGuid === 'string' && formGuid !== '')
    .toSorted((a, b) => Number(a.convertDate ?? 0) - Number(b.convertDate ?? 0))
    .map(submissionOf)
    .reverse()
  if (mode === 'none') return []
  if (mode === 'all') return newestFirst
  return mode === 'newest' ? newestFirst.slice(0, 1) : newestFirst.slice(-1)
}

const submissionOf = (event: JsonLead) => ({
  'conversion-id': event.guid,
  timestamp: event.convertDate,
  'form-id': event.formGuid,
  'portal-id': portalId,
  'page-url': event.pageUrl,
  'canonical-url': event.pageUrl,
  'page-title': event.pageName,
  title: event.formName,
  'form-type': 'HUBSPOT',
  'contact-associated-by': ['EMAIL'],
  'meta-data': [],
})

/** The addresses of a contact, and the guid that it had as a lead. */
function identitiesOf(lead: JsonLead): object[] {
  const timestamp = lead.insertedAt
  const identity = (type: string, value: unknown) =>
    typeof value === 'string' && value !== '' ? [{ type, value, timestamp }] : []
  return [
    ...identity('EMAIL', lead.email).map(first => ({ ...first, 'is-primary': true })),
    ...listOf(lead.hs_additional_emails).flatMap(email => identity('EMAIL', email)),
    ...identity('LEAD_GUID', lead.guid),
  ]
}

/** The elements of a list that is joined by ";". */
const listOf = (value: unknown): string[] =>
  typeof value === 'string' && value !== '' ? value.split(';') : []
