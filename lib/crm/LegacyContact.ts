/** A contact in the old list of contacts, as far as it is used. */
export interface LegacyContact {
  vid: number
  /** The contact that it was merged into, or its own. */
  'canonical-vid'?: number
  'form-submissions'?: {
    'conversion-id'?: string
    /** Milliseconds since 1970. */
    timestamp?: number
    /** The guid of the form. */
    'form-id'?: string
    'page-title'?: string
  }[]
  'identity-profiles'?: { identities?: { type?: string; value?: string }[] }[]
}

/** The id of the contact today. */
export const idOfLegacy = (contact: LegacyContact): string => String(contact['canonical-vid'] ?? contact.vid)

/** The guid that the contact had as a lead of 2011; undefined if it never was one. */
export const leadGuidOf = (contact: LegacyContact): string | undefined =>
  contact['identity-profiles']
    ?.flatMap(({ identities = [] }) => identities)
    .find(({ type, value }) => type === 'LEAD_GUID' && typeof value === 'string')?.value
