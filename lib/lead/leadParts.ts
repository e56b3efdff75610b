import type { Static } from 'typebox'
import { decimal, flag, integer, ours, readOnly, Type, text, time } from './Type.ts'

/** JSON Schema of one field that a lead filled in on a form. Unknown fields are allowed and kept. */
const formSubmissionValueSchema = Type.Object(
  {
    conversionGuid: text(readOnly, ours('The guid of the conversion event that the value belongs to.')),
    convertDate: time(readOnly, ours('When the form was submitted.')),
    fieldLabel: text(readOnly, ours('The label a visitor sees beside the field.')),
    fieldName: text(readOnly, ours("The field's name in the form.")),
    fieldValue: text(readOnly, ours('What the visitor entered.')),
    formGuid: text(readOnly, ours('The guid of the form; may be "" although the event has one.')),
    formId: integer(readOnly, ours('The number of the form.')),
    formName: text(readOnly, ours('The name of the form.')),
    id: integer(readOnly, ours('The number of this value.')),
    leadGuid: text(readOnly, ours('The guid of the lead.')),
    portalId: integer(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
  },
  { description: ours('One field of a submitted form.') },
)

/** One field that a lead filled in on a form. */
export interface FormSubmissionValue extends Static<typeof formSubmissionValueSchema> {}

/** JSON Schema of one submission of a form by a lead. Unknown fields are allowed and kept. */
export const conversionEventSchema = Type.Object(
  {
    convertDate: time(readOnly, ours('When the form was submitted.')),
    formGuid: text(readOnly, ours('The guid of the form.')),
    formId: integer(readOnly, ours('The number of the form.')),
    formName: text(readOnly, ours('The name of the form.')),
    formSubmissionValues: Type.Optional(
      Type.Array(formSubmissionValueSchema, {
        ...readOnly,
        description: 'The fields from the form, one at a time.',
      }),
    ),
    guid: text(readOnly, ours('Unique identifier for the conversion event.')),
    id: text(readOnly, ours('The same as guid, in the documented example.')),
    leadGuid: text(readOnly, ours('The guid of the lead.')),
    pageName: text(readOnly, ours('The name of the page that holds the form.')),
    pageType: text(readOnly, ours('The kind of page, "Form" in the documented example.')),
    pageUrl: text(readOnly, ours('The address of the page that holds the form.')),
    portalId: integer(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
  },
  { description: ours('One submission of a form.') },
)

/** One submission of a form by a lead. */
export interface ConversionEvent extends Static<typeof conversionEventSchema> {}

/** JSON Schema of what the portal's analytics collected about a lead. Unknown fields are allowed and kept. */
export const analyticsDetailsSchema = Type.Object(
  {
    allViewsImported: flag(readOnly, ours("Whether all of the lead's page views are in.")),
    countsModifiedAt: time(readOnly, ours('When the counts last changed.')),
    firstVisitAt: time(readOnly, ours('The first visit.')),
    id: text(readOnly, ours('The ID of the lead.')),
    lastPageViewAt: time(readOnly, ours('The last page view.')),
    lastVisitAt: time(readOnly, ours('The last visit.')),
    leadGuid: text(readOnly, ours('The guid of the lead.')),
    leadId: integer(readOnly, 'Internal ID of a lead.'),
    pageViewCount: integer(readOnly, ours('How many pages the lead viewed.')),
    portalId: integer(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
    userToken: text(readOnly, ours("The visitor's cookie, as in the lead.")),
    visitCount: integer(readOnly, ours('How many visits the lead made.')),
  },
  {
    description:
      'All fields in this object are not editable. These fields represent certain analytics within the lead object that we collect.',
  },
)

/** What the portal's analytics collected about a lead. */
export interface AnalyticsDetails extends Static<typeof analyticsDetailsSchema> {}

/** JSON Schema of a lead's CRM details. Unknown fields are allowed and kept. */
export const crmDetailsSchema = Type.Object(
  {
    annualRevenue: decimal(readOnly, ours("The company's revenue a year.")),
    closeProbability: decimal(readOnly, ours('How likely it is that the lead closes.')),
    crmType: integer(readOnly, ours('The kind of CRM, as a number.')),
    estimatedRevenue: decimal(readOnly, ours('The revenue expected from the lead.')),
    id: text(readOnly, ours('The ID of the lead.')),
    nextAction: text(readOnly, ours('What is to be done next.')),
    nextActionAssignedTo: integer(readOnly, ours('The number of the user who is to do it.')),
    nextActionAssignedToEmail: text(readOnly, ours('The address of the user who is to do it.')),
    nextActionDue: time(readOnly, ours('When it is due.')),
    numEmployees: integer(readOnly, ours('How many people the company employs.')),
    status: text(readOnly, ours('The status in the CRM, "Open" in the documented example.')),
  },
  {
    description:
      'All fields in this object are not editable. These are certain CRM detail fields that we collect on each lead. These will change if a portal is integrated with Salesforce.com.',
  },
)

/** A lead's CRM details. */
export interface CrmDetails extends Static<typeof crmDetailsSchema> {}
