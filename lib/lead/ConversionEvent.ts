import type { Static } from 'typebox'
import { formSubmissionValueSchema } from './FormSubmissionValue.ts'
import { ours, readOnly, text, time, whole } from './field.ts'
import { Type } from './Type.ts'

/** JSON Schema of one submission of a form by a lead. Unknown fields are allowed and kept. */
export const conversionEventSchema = Type.Object(
  {
    convertDate: time(readOnly, ours('When the form was submitted.')),
    formGuid: text(readOnly, ours('The guid of the form.')),
    formId: whole(readOnly, ours('The number of the form.')),
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
    portalId: whole(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
  },
  { description: ours('One submission of a form.') },
)

/** One submission of a form by a lead. */
export interface ConversionEvent extends Static<typeof conversionEventSchema> {}
