/**
 * Names of the fields with personal or secret data, in leads of 2011 and in the contacts of today; the default of `mask`.
 * City, state and country, the company and the job are not in it.
 */
export const personalFields = [
  // Names
  ...(['firstName', 'lastName', 'fullName', 'middleName', 'maidenName', 'hs_full_name_or_email'] as const),
  ...(['yourName', 'contactName', 'surname', 'hs_lead_name', 'nickname'] as const),
  ...(['hs_associated_contact_firstname', 'hs_associated_contact_lastname'] as const),
  // Email and phone
  ...(['email', 'emailAddress', 'work_email', 'hs_additional_emails', 'nextActionAssignedToEmail'] as const),
  ...([
    'hs_associated_contact_email',
    'phone',
    'phoneNumber',
    'telephone',
    'mobile',
    'mobilePhone',
    'fax',
  ] as const),
  ...(['hs_calculated_phone_number', 'hs_calculated_mobile_number', 'hs_whatsapp_phone_number'] as const),
  ...(['hs_searchable_calculated_phone_number', 'hs_searchable_calculated_mobile_number'] as const),
  ...(['hs_searchable_calculated_international_phone_number', 'faxNumber', 'mobileNumber'] as const),
  ...(['hs_searchable_calculated_international_mobile_number'] as const),
  // Places, and addresses in networks
  ...(['address', 'address2', 'streetAddress', 'zip', 'zipCode', 'postalCode'] as const),
  ...(['ipAddress', 'ip_addr', 'ip'] as const),
  ...(['twitterHandle', 'twitterUsername', 'twitterBio', 'linkedinBio', 'hs_linkedin_url'] as const),
  ...([
    'hs_twitterid',
    'hs_linkedinid',
    'hs_facebookid',
    'hs_facebook_ad_id',
    'twitterProfilePhoto',
  ] as const),
  // What the person wrote, and about the person
  ...(['message', 'comment', 'comments', 'dateOfBirth', 'birthday', 'gender', 'maritalStatus'] as const),
  ...(['relationship_status', 'military_status'] as const),
  // What gives access, or identifies a browser
  ...(['userToken', 'hubspotutk', 'hutk', 'publicLeadLink', 'leadJsonLink'] as const),
] as const

/** One of {@link personalFields}. */
export type PersonalField = (typeof personalFields)[number]

/** A name without capital letters and without signs: "First name", "first_name" and "firstName" are the same. */
export const normal = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** The same function, which remembers its answers for short texts; there are few names, and each occurs often. */
export function remembering(decide: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>()
  return text => {
    const known = answers.get(text)
    if (known !== undefined) return known
    const answer = decide(text)
    if (answers.size >= mostNames) answers.clear()
    if (text.length <= 200) answers.set(text, answer)
    return answer
  }
}

/** Names that are remembered at a time. */
const mostNames = 10_000

/** A name for what was typed into a form is longer than that of a field: "Your email (kept private)". */
const mostWords = 6

/** Recognises fields of forms, and those among them whose names are in a list. */
export class FormFields {
  readonly #names: ReadonlySet<string>
  readonly #isPersonal = remembering(text => this.#contains(text) || this.#isName(text))

  /** @param names in their normal form */
  constructor(names: ReadonlySet<string>) {
    this.#names = names
  }

  /** The name of the field that holds what was typed; undefined if the object is not the field of a form. */
  valueName(value: Readonly<Record<string, unknown>>): 'fieldValue' | 'value' | undefined {
    const has = (name: string) => Object.hasOwn(value, name)
    if (has('fieldValue') && (has('fieldName') || has('fieldLabel'))) return 'fieldValue'
    return has('value') && (has('name') || has('property')) ? 'value' : undefined
  }

  /** Whether its name or label contains a name of the list, as whole words; "Name" alone counts as one. */
  isMasked({ fieldName, fieldLabel, name, property }: Readonly<Record<string, unknown>>): boolean {
    return [fieldName, fieldLabel, name, property].some(
      text => typeof text === 'string' && this.#isPersonal(text),
    )
  }

  /** If a person's full name is masked, so is a field that is called "Name" and nothing else. */
  #isName(text: string): boolean {
    return normal(text) === 'name' && this.#names.has('fullname')
  }

  #contains(text: string): boolean {
    const words = text
      .replace(/(\p{Ll}|\p{N})(?=\p{Lu})|(\p{L})(?=\p{N})/gu, '$& ')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
    for (let from = 0; from < words.length; from += 1) {
      let joined = ''
      for (const word of words.slice(from, from + mostWords)) {
        joined += word
        if (this.#names.has(joined)) return true
      }
    }
    return false
  }
}
