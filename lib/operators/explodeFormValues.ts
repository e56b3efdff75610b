import type { ConversionEvent, FormSubmissionValue } from '../lead/leadParts.ts'
import type { Operator } from '../streams/Operator.ts'
import { explodeAs } from './explode.ts'

/**
 * After `explodeEvents`: one record for each submitted form field, `conversionEvent` without its
 * formSubmissionValues, plus `formValue`. An event without values gives none.
 */
export function explodeFormValues<T extends { conversionEvent: ConversionEvent }>(): Operator<
  T,
  Omit<T, 'conversionEvent'> & {
    conversionEvent: Omit<ConversionEvent, 'formSubmissionValues'>
    formValue: FormSubmissionValue
  }
> {
  return explodeAs('explodeFormValues', 'conversionEvent.formSubmissionValues', { as: 'formValue' })
}
