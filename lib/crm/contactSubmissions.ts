import type { AnyRecord } from './CrmRecord.ts'
import { mergedIds } from './CrmRecord.ts'
import { joinProperties } from './contactAsLead.ts'
import { plainEmail } from './conversionEvents.ts'

/** A submission that a contact names: the form's guid, and the time in milliseconds. */
export interface NamedSubmission {
  readonly form: string
  readonly at: number
}

/** What a contact says about its submissions. */
export interface ContactSubmissions {
  /** Its id, and those of the contacts that were merged into it. */
  readonly ids: readonly string[]
  /** Its addresses, as they are compared. */
  readonly emails: readonly string[]
  /** The newest 800 at most. */
  readonly named: readonly NamedSubmission[]
  /** How many it has in all; infinite if the portal does not count them. */
  readonly count: number
}

/** What a contact says about its submissions. */
export function contactSubmissions(contact: AnyRecord): ContactSubmissions {
  const text = (property: string): string | undefined => {
    const value = contact.properties?.[property]
    return value === undefined ? undefined : String(value ?? '')
  }
  const emails = joinProperties.emails.flatMap(property => (text(property) ?? '').split(';').map(plainEmail))
  const count = text(joinProperties.count)
  return {
    ids: [contact.id, ...mergedIds(contact)],
    emails: [...new Set(emails)].filter(email => email !== ''),
    named: (text(joinProperties.submissions) ?? '').split(';').flatMap(namedSubmission),
    count: count === undefined ? Number.POSITIVE_INFINITY : Number(count) || 0,
  }
}

/** Reads `formGuid:pageId:milliseconds`; the id of the page may be empty. */
function namedSubmission(text: string): NamedSubmission[] {
  const [form = '', , time = ''] = text.trim().split(':')
  return form !== '' && /^\d{1,16}$/.test(time) ? [{ form, at: Number(time) }] : []
}
