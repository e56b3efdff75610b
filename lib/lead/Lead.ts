import type { Static } from 'typebox'
import { analyticsDetailsSchema, conversionEventSchema, crmDetailsSchema } from './leadParts.ts'
import { decimal, editable, flag, integer, notStated, ours, readOnly, Type, text, time } from './Type.ts'

/*
 * Items of the two log arrays are open objects: the documentation shows one status log and no deletion log, and
 * describes neither.
 */
const customerStatusModifyLogSchema = Type.Object({
  id: integer(notStated, ours('The number of the log entry.')),
  insertedAt: time(notStated, ours('When the status changed.')),
  previousState: flag(notStated, ours('Whether the lead was a customer before.')),
})
const deleteLogSchema = Type.Object({})

/**
 * JSON Schema (and, by `Static`, the type) of a lead: every field of the documentation's example, in its order and in
 * the API's spelling. Only `guid` is required; unknown fields are allowed and kept.
 *
 * `readOnly` of a field: false means editable, true means read-only, absent means that the documentation does not say.
 * Descriptions are the documentation's, except those that end in "(leadpipe's words)".
 */
export const leadSchema = Type.Object(
  {
    address: text(notStated, ours('Street and number.')),
    analyticsDetails: Type.Optional(analyticsDetailsSchema),
    city: text(notStated, ours('City.')),
    closedAt: time(
      editable,
      'A timestamp (in milliseconds) of when the lead has been "closed" or converted into a customer.',
    ),
    company: text(notStated, ours('Company name.')),
    country: text(notStated, ours('Country.')),
    crmDetails: Type.Optional(crmDetailsSchema),
    customerStatusModifiedAt: time(notStated, ours('When the lead last became or ceased to be a customer.')),
    eligibleForEmail: flag(notStated, 'Whether the lead is eligible for email marketing.'),
    email: text(notStated, ours('E-mail address.')),
    emailBounced: flag(
      editable,
      "Boolean value noting whether an email to the lead's email address bounced or not.",
    ),
    emailOptOut: flag(notStated, 'Whether the lead has unsubscribed from lead nurturing.'),
    fax: text(notStated, ours('Fax number.')),
    firstCampaign: text(
      editable,
      "The name of the first marketing campaign this particular lead converted on. (e.g. 'Social Media Whitepaper Email Campaign')",
    ),
    firstName: text(notStated, ours('First name.')),
    firstRefDomain: text(
      editable,
      "The base domain of the first site to refer this lead to you. If the lead wasn't referred to your site from another site (by clicking on a link for example), then this field will be blank.",
    ),
    firstReferrer: text(
      editable,
      'The full URL of the referring webpage. If this lead came from a link on a 3rd party site, this field will contain the entire URL of that webpage.',
    ),
    firstURL: text(
      editable,
      'The first page visited by the lead on your website - This page MUST have the HubSpot JavaScript tracking code on it to register.',
    ),
    firstVisitSetAt: time(notStated, ours('When the first visit was recorded.')),
    foundVia: text(
      editable,
      "The source by which a lead found your website. These reflect the source values in the HubSpot Sources analytics application (e.g. 'Email Marketing' or 'Social Media'). You can change this by editing the \"sourceId\" field.",
    ),
    fullFoundViaString: text(
      editable,
      "The source and campaign name (if available) of the lead's first visit to your website (e.g. Email Marketing - campaignName2). You can change this by editing the sourceId and sourceValue fields.",
    ),
    guid: Type.String({ ...readOnly, minLength: 1, description: 'Unique identifier for a lead.' }),
    id: text(readOnly, 'The ID of the lead.'),
    imported: flag(notStated, 'Whether the lead was imported; false is a web lead.'),
    industry: text(notStated, ours('Industry.')),
    insertedAt: time(notStated, 'When the lead was inserted into the database.'),
    ipAddress: text(notStated, ours('The address that the lead came from.')),
    isCustomer: flag(
      readOnly,
      'Marking whether a lead has been closed as a customer. To change this field, you should add a timestamp in the "closedAt" field.',
    ),
    isDeleted: flag(
      editable,
      "Boolean value that is set to true if the lead has been deleted out of the user's HubSpot system. Deletion is a 'soft delete', as the lead record isn't actually removed from the HubSpot lead database. Setting this to 'false' for a particular lead will 'un-delete' the lead.",
    ),
    jobTitle: text(notStated, ours('Job title.')),
    lastConvertedAt: time(readOnly, 'The time at which a lead last converted.'),
    lastModifiedAt: time(readOnly, 'The time at which the lead was last modified in any way.'),
    lastName: text(notStated, ours('Last name.')),
    leadConversionEvents: Type.Optional(
      Type.Array(conversionEventSchema, {
        ...readOnly,
        description:
          'Fields in the leadConversionEvents objects are form fields from forms that have been submitted by leads and are not editable on the lead object. You can add new fields here, by submitting another conversion event.',
      }),
    ),
    leadCustomerStatusModifyLogs: Type.Optional(
      Type.Array(customerStatusModifyLogSchema, {
        description: ours('When the lead became or ceased to be a customer.'),
      }),
    ),
    leadDeleteLogs: Type.Optional(
      Type.Array(deleteLogSchema, { description: ours('When the lead was deleted or un-deleted.') }),
    ),
    leadId: integer(readOnly, 'Internal ID of a lead.'),
    leadJsonLink: text(readOnly, "This link can be used to access the lead's JSON object."),
    leadLink: text(readOnly, 'The link where you can view the lead in the HubSpot Leads application.'),
    leadNurturingActive: flag(
      readOnly,
      'Boolean value letting you know whether the lead is enrolled in a lead nurturing campaign or not.',
    ),
    leadNurturingCampaignId: integer(
      notStated,
      ours('The number of the nurturing campaign; -1 when there is none.'),
    ),
    message: text(notStated, ours('The message that the lead left last.')),
    numConversionEvents: integer(readOnly, 'The number of times a lead has converted.'),
    phone: text(notStated, ours('Phone number.')),
    portalId: integer(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
    publicLeadLink: text(readOnly, "A public link that let's anyone view lead details."),
    rawScore: decimal(
      editable,
      "The 'raw' lead score that we assign to each lead: a tally of the amount of activity the lead has had on your site (e.g. '421'). Absent where grading is disabled.",
    ),
    salutation: text(notStated, ours('Salutation.')),
    score: decimal(
      editable,
      "The lead grade, calculated by putting the raw score through HubSpot's proprietary algorithm (e.g. '97', 99.96). Absent where grading is disabled.",
    ),
    sourceId: integer(
      editable,
      'The internal ID of the source by which this lead found your website (1: Organic Search, 2: Referrals, 3: Paid Search, 4: Direct Traffic, 5: Email Marketing, 6: Social Media, 7: Other Campaigns). Changing this number will also change the "foundVia" and "fullFoundViaString" fields.',
    ),
    sourceValue1: text(
      editable,
      'Appended to the end of the "fullFoundViaString" field for more reference as to the source of your leads.',
    ),
    sourceValue2: text(
      editable,
      'Appended to the end of the "fullFoundViaString" field for more reference as to the source of your leads.',
    ),
    sourceValueModifiedAt: time(readOnly, 'The timestamp at which the source of the lead was modified.'),
    state: text(notStated, ours('State or province.')),
    twitterHandle: text(
      editable,
      'The Twitter username for this lead in question. This is a standard field (e.g. @hubspot).',
    ),
    userToken: text(
      editable,
      "The cookie (called the 'hubspotutk' value) that the HubSpot JavaScript tracking code places on each lead's browser. Used for HubSpot internal purposes only; for a unique number for a particular lead, use the guid instead.",
    ),
    website: text(notStated, ours('Website.')),
    zip: text(notStated, ours('Postal code.')),
  },
  { description: 'A lead of the HubSpot Leads API.' },
)

/**
 * A lead as the Leads API sends it. Every field but `guid` may be missing; absent times are 0, absent text is "".
 * Fields that this type does not name are kept too.
 */
export interface Lead extends Static<typeof leadSchema> {}

/** T, with null or "" in place of every field that may be absent, at every level. */
type WithNulls<T> = {
  [Name in keyof T]: Record<never, never> extends Pick<T, Name> ? Field<T[Name]> | null | '' : T[Name]
}

type Field<V> = V extends readonly (infer Item)[] ? WithNulls<Item>[] : V extends object ? WithNulls<V> : V

/** A lead of a portal that sends null or "" where the documentation shows another value. */
export interface LeadWithNulls extends WithNulls<Lead> {}

/** The part of a JSON Schema that the lead's schema uses. */
interface Node {
  readonly type: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** The lead's schema, with null or "" allowed in place of every value except those that are required. */
export const leadSchemaWithNulls = (): object => withNulls(leadSchema as unknown as Node)

function withNulls(schema: Node): object {
  const { required = [], properties, items } = schema
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    required.includes(name) ? field : orNull(withNulls(field) as Node),
  ])
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(fields) }),
    ...(items === undefined ? {} : { items: withNulls(items) }),
  }
}

/** `maxLength` applies to text only: of all texts, "" is the one allowed beside another type. */
const orNull = (schema: Node): object =>
  schema.type === 'string'
    ? { ...schema, type: ['string', 'null'] }
    : { ...schema, type: [schema.type, 'null', 'string'], maxLength: 0 }
