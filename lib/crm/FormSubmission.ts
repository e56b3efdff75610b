/** A value of a submitted form. */
export interface SubmissionValue {
  /** The name of the field. It occurs once for each value, as of several checkboxes. */
  name: string
  value: string
  /** The type of the records that have the property: "0-1" for contacts. */
  objectTypeId?: string
}

/** A submission of a form as the API returns it, with the form that it belongs to. */
export interface FormSubmission {
  /** Identifies the submission; some old ones have none. */
  conversionId?: string
  /** Milliseconds since 1970. */
  submittedAt: number
  values: SubmissionValue[]
  pageUrl?: string
  /** The `id` of the form. */
  formGuid: string
  /** The present `name` of the form. */
  formName?: string
}
