const firstTime = 1_400_000_000_000
const portalId = 62515
/** Every how many-th submission has a form of its own. */
const formCount = 10
const perContact = 3
const filling = 'What people write into forms. '.repeat(5)

/** Any number of contacts with three submissions each, and as many submissions of nobody as there are hundreds. */
export class ManyContacts {
  readonly count: number
  /** Requests by what they are for. */
  readonly requests = { contacts: 0, submissions: 0, legacy: 0, others: 0 }

  constructor(count: number) {
    this.count = count
  }

  /** All submissions; those from `perContact * count` on belong to nobody. */
  get submissions(): number {
    return perContact * this.count + this.unmatched
  }

  get unmatched(): number {
    return Math.floor(this.count / 100)
  }

  /** The body of the answer to a request. */
  answer(target: string): object {
    const { pathname, searchParams } = new URL(target, 'http://localhost')
    const after = searchParams.get('after') ?? searchParams.get('vidOffset') ?? '0'
    const form = /^\/form-integrations\/v1\/submissions\/forms\/form-(\d+)$/.exec(pathname)?.[1]
    if (form !== undefined) return this.#submissionsOf(Number(form), Number(after))
    switch (pathname) {
      case '/account-info/v3/details':
        return { portalId }
      case '/crm/properties/2026-09/contacts':
        return { results: properties.map(name => ({ name, type: 'string' })) }
      case '/marketing/v3/forms':
        return { results: searchParams.get('archived') === 'true' ? [] : forms }
      case '/crm/objects/2026-09/contacts':
        return this.#contacts(Number(after))
      case '/contacts/v1/lists/all/contacts/all':
        return this.#legacyContacts(Number(after))
      default:
        throw new Error(`no such path: ${pathname}`)
    }
  }

  /** The lead that a contact becomes: its guid, and those of its conversion events. */
  leadOf(contact: number): { guid: string; events: string[] } {
    const events = rowsOf(contact, this.count).map(conversionOf)
    return { guid: String(firstId + contact), events }
  }

  #contacts(after: number): object {
    this.requests.contacts += 1
    const from = Math.max(0, after - firstId)
    const to = Math.min(this.count, from + 100)
    const results = range(from, to).map(n => ({
      ...{ id: String(firstId + n), createdAt: iso(n), updatedAt: iso(n), archived: false },
      properties: {
        ...{ email: `${n}@x.example`, firstname: 'Ada', createdate: iso(n), message: filling },
        num_conversion_events: String(perContact),
        hs_calculated_form_submissions: rowsOf(n, this.count)
          .map(row => `form-${row % formCount}::${timeOf(row)}`)
          .join(';'),
      },
    }))
    return { results, ...(to < this.count ? { paging: { next: { after: String(firstId + to) } } } : {}) }
  }

  #submissionsOf(form: number, offset: number): object {
    this.requests.submissions += 1
    const all = Math.ceil((this.submissions - form) / formCount)
    const to = Math.min(all, offset + 50)
    const results = range(offset, to).map(place => {
      const row = form + formCount * (all - 1 - place)
      const isOfNobody = row >= perContact * this.count
      const email = isOfNobody ? 'nobody@x.example' : `${row % this.count}@x.example`
      return {
        ...{ conversionId: conversionOf(row), submittedAt: timeOf(row), pageUrl: 'http://x.example/' },
        values: [
          { objectTypeId: '0-1', name: 'email', value: email },
          { name: 'message', value: filling },
        ],
      }
    })
    return { results, ...(to < all ? { paging: { next: { after: String(to) } } } : {}) }
  }

  #legacyContacts(vidOffset: number): object {
    this.requests.legacy += 1
    const from = vidOffset === 0 ? 0 : vidOffset - firstId + 1
    const to = Math.min(this.count, from + 100)
    const contacts = range(from, to).map(n => ({
      vid: firstId + n,
      'form-submissions': rowsOf(n, this.count).map(row => ({
        ...{ 'conversion-id': conversionOf(row), 'form-id': `form-${row % formCount}` },
        ...{ timestamp: timeOf(row), 'page-title': 'Home' },
      })),
      'identity-profiles': [{ identities: [{ type: 'LEAD_GUID', value: `lead-${n}` }] }],
    }))
    return { contacts, 'has-more': to < this.count, 'vid-offset': firstId + to - 1 }
  }
}

const firstId = 100_000
const properties = [
  ...['email', 'firstname', 'createdate', 'message', 'num_conversion_events'],
  'hs_calculated_form_submissions',
]
const forms = Array.from({ length: formCount }, (_, n) => ({
  ...{ id: `form-${n}`, name: `Form ${n}`, formType: 'hubspot', archived: false },
  fieldGroups: [{ fields: [{ objectTypeId: '0-1', name: 'email', label: 'E-mail' }] }],
}))

/** The numbers of a contact's submissions. */
const rowsOf = (contact: number, count: number): number[] =>
  range(0, perContact).map(times => contact + times * count)
const timeOf = (row: number): number => firstTime + 1_000 * row
const iso = (row: number): string => new Date(timeOf(row)).toISOString()
/** In another order than the numbers. */
const conversionOf = (row: number): string =>
  `${(Math.imul(row + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}-${row}`
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
