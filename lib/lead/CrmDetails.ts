import type { Static } from 'typebox'
import { decimal, ours, readOnly, text, time, whole } from './field.ts'
import { Type } from './Type.ts'

/** JSON Schema of a lead's CRM details. Unknown fields are allowed and kept. */
export const crmDetailsSchema = Type.Object(
  {
    annualRevenue: decimal(readOnly, ours("The company's revenue a year.")),
    closeProbability: decimal(readOnly, ours('How likely it is that the lead closes.')),
    crmType: whole(readOnly, ours('The kind of CRM, as a number.')),
    estimatedRevenue: decimal(readOnly, ours('The revenue expected from the lead.')),
    id: text(readOnly, ours('The ID of the lead.')),
    nextAction: text(readOnly, ours('What is to be done next.')),
    nextActionAssignedTo: whole(readOnly, ours('The number of the user who is to do it.')),
    nextActionAssignedToEmail: text(readOnly, ours('The address of the user who is to do it.')),
    nextActionDue: time(readOnly, ours('When it is due.')),
    numEmployees: whole(readOnly, ours('How many people the company employs.')),
    status: text(readOnly, ours('The status in the CRM, "Open" in the documented example.')),
  },
  {
    description:
      'All fields in this object are not editable. These are certain CRM detail fields that we collect on each lead. These will change if a portal is integrated with Salesforce.com.',
  },
)

/** A lead's CRM details. */
export interface CrmDetails extends Static<typeof crmDetailsSchema> {}
