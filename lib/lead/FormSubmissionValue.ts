import type { Static } from 'typebox'
import { ours, readOnly, text, time, whole } from './field.ts'
import { Type } from './Type.ts'

/** JSON Schema of one field that a lead filled in on a form. Unknown fields are allowed and kept. */
export const formSubmissionValueSchema = Type.Object(
  {
    conversionGuid: text(readOnly, ours('The guid of the conversion event that the value belongs to.')),
    convertDate: time(readOnly, ours('When the form was submitted.')),
    fieldLabel: text(readOnly, ours('The label a visitor sees beside the field.')),
    fieldName: text(readOnly, ours("The field's name in the form.")),
    fieldValue: text(readOnly, ours('What the visitor entered.')),
    formGuid: text(readOnly, ours('The guid of the form; may be "" although the event has one.')),
    formId: whole(readOnly, ours('The number of the form.')),
    formName: text(readOnly, ours('The name of the form.')),
    id: whole(readOnly, ours('The number of this value.')),
    leadGuid: text(readOnly, ours('The guid of the lead.')),
    portalId: whole(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
  },
  { description: ours('One field of a submitted form.') },
)

/** One field that a lead filled in on a form. */
export interface FormSubmissionValue extends Static<typeof formSubmissionValueSchema> {}
