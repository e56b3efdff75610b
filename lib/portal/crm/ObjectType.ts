/** A type of CRM objects. */
export interface ObjectType {
  /** Its type id: `0-1`. */
  readonly id: string
  /** Its name in paths: `contacts`. That of a custom type is its id. */
  readonly name: string
  /** Its name in messages and in the types of associations: `contact`. */
  readonly singular: string
  /** The time property that changes with every change of a record. */
  readonly modified: 'lastmodifieddate' | 'hs_lastmodifieddate'
  /** The properties of an answer if the request names none. */
  readonly defaultProperties: readonly string[]
  /** Further properties that every portal has. */
  readonly otherProperties: readonly string[]
}

const common = { modified: 'hs_lastmodifieddate', otherProperties: [] } as const

/** Contacts: the leads of 2011. */
export const contacts: ObjectType = {
  id: '0-1',
  name: 'contacts',
  singular: 'contact',
  modified: 'lastmodifieddate',
  defaultProperties: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
  otherProperties: [],
}

const standardTypes: readonly ObjectType[] = [
  contacts,
  {
    ...common,
    id: '0-2',
    name: 'companies',
    singular: 'company',
    defaultProperties: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
  },
  {
    ...common,
    id: '0-3',
    name: 'deals',
    singular: 'deal',
    defaultProperties: [
      'amount',
      'closedate',
      'createdate',
      'dealname',
      'dealstage',
      'hs_lastmodifieddate',
      'hs_object_id',
      'pipeline',
    ],
  },
  {
    ...common,
    id: '0-5',
    name: 'tickets',
    singular: 'ticket',
    defaultProperties: [
      'content',
      'createdate',
      'hs_lastmodifieddate',
      'hs_object_id',
      'hs_pipeline',
      'hs_pipeline_stage',
      'hs_ticket_priority',
      'subject',
    ],
  },
  {
    ...common,
    id: '0-136',
    name: 'leads',
    singular: 'lead',
    defaultProperties: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'],
    otherProperties: [
      'hs_lead_name',
      'hs_lead_type',
      'hs_lead_label',
      'hs_pipeline',
      'hs_pipeline_stage',
      'hubspot_owner_id',
      'hs_associated_contact_email',
      'hs_associated_contact_firstname',
      'hs_associated_contact_lastname',
    ],
  },
]

/** The type with this name or type id; undefined for a custom type that can't exist. */
export function objectTypeOf(text: string): ObjectType | undefined {
  const known = standardTypes.find(({ id, name }) => id === text || name === text)
  if (known !== undefined || !/^2-[1-9]\d{0,9}$/.test(text)) return known
  const defaultProperties = ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id']
  return { ...common, id: text, name: text, singular: text, defaultProperties }
}

/** The types that every portal has. */
export const everyPortalsTypes: readonly ObjectType[] = standardTypes

/** The scope that a token needs for reading records of a type. */
export function scopeOf({ id, name }: ObjectType): string {
  return `crm.objects.${id.startsWith('2-') ? 'custom' : name}.read`
}
