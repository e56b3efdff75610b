import type { ConversionEvent, FormSubmissionValue } from '../lead/leadParts.ts'
import type { Form, FormField } from './Form.ts'
import type { FormSubmission } from './FormSubmission.ts'

/** What conversion events take from a form: the labels of its fields, by their types and names. */
export type FormLabels = ReadonlyMap<string, string>

/** The labels of the fields of a form. */
export function labelsOf({ fieldGroups = [] }: Form): FormLabels {
  const labels = new Map<string, string>()
  const add = ({ objectTypeId, name, label, dependentFields }: FormField): void => {
    if (typeof label === 'string') {
      if (!labels.has(name)) labels.set(name, label)
      if (objectTypeId !== undefined) labels.set(`${objectTypeId}/${name}`, label)
    }
    if (!Array.isArray(dependentFields)) return
    for (const { dependentField } of dependentFields as { dependentField?: FormField }[])
      if (dependentField !== undefined) add(dependentField)
  }
  for (const { fields = [] } of fieldGroups) for (const field of fields) add(field)
  return labels
}

/** A submission that belongs to a contact. */
export interface JoinedSubmission {
  readonly submission: FormSubmission
  /** What the old list of contacts says about it; absent if it says nothing. */
  readonly conversionId?: string | undefined
  readonly pageTitle?: string | undefined
  /** Of the fields of its form. */
  readonly labels?: FormLabels | undefined
}

/** The conversion event of 2011 that a submission is today. Fields without a source are absent. */
export function conversionEvent(
  { submission, conversionId, pageTitle, labels }: JoinedSubmission,
  leadGuid: string,
  portalId: number | undefined,
): ConversionEvent {
  const { submittedAt, values, formGuid, formName, pageUrl } = submission
  const guid = submission.conversionId ?? conversionId
  const form = { formGuid, ...(formName === undefined ? {} : { formName }) }
  const account = { leadGuid, ...(portalId === undefined ? {} : { portalId }) }
  const filledIn = ({ name, value, objectTypeId }: FormSubmission['values'][number]): FormSubmissionValue => {
    const label = labels?.get(`${objectTypeId}/${name}`) ?? labels?.get(name)
    return {
      ...(guid === undefined ? {} : { conversionGuid: guid }),
      convertDate: submittedAt,
      ...(label === undefined ? {} : { fieldLabel: label }),
      ...{ fieldName: name, fieldValue: value, ...form, ...account },
    }
  }
  return {
    convertDate: submittedAt,
    ...form,
    formSubmissionValues: Array.isArray(values) ? values.map(filledIn) : [],
    ...(guid === undefined ? {} : { guid, id: guid }),
    leadGuid,
    ...(pageTitle === undefined ? {} : { pageName: pageTitle }),
    pageType: 'Form',
    ...(pageUrl === undefined ? {} : { pageUrl }),
    ...(portalId === undefined ? {} : { portalId }),
  }
}

/** The e-mail address in a submission, in lower case; undefined if it has none. */
export function emailOf({ values }: FormSubmission): string | undefined {
  if (!Array.isArray(values)) return undefined
  const found = values.find(
    ({ name, value }) => String(name).toLowerCase() === 'email' && typeof value === 'string' && value.trim(),
  )
  return found && plainEmail(found.value)
}

/** An e-mail address as it is compared. */
export const plainEmail = (email: string): string => email.trim().toLowerCase()
