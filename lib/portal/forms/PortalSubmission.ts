/** One value of a submitted form. */
export interface PortalSubmissionValue {
  readonly name: string
  readonly value: string
  /** The text beside the field. Default: the name. */
  readonly label?: string | undefined
}

/** A submission of a form, for `portal.submit`. */
export interface PortalSubmission {
  /** What was entered, in the form's order. A name may occur several times, as checkboxes do. Default: nothing. */
  readonly values?: readonly PortalSubmissionValue[] | undefined
  /** Milliseconds since 1970. Default: the time of the portal's clock. */
  readonly submittedAt?: number | undefined
  /** Identifies the submission; null for none, as some old ones have none. Default: a new one. */
  readonly conversionId?: string | null | undefined
  /**
   * The email address of the contact that it belongs to, which gets a conversion event. Default: none; it matches
   * no contact, whatever its values say.
   */
  readonly contact?: string | undefined
  /** Default: the form's present name, or "Form" for a new one. */
  readonly formName?: string | undefined
  /** The page that holds the form. Default: `http://demo.example/`. */
  readonly pageUrl?: string | undefined
  /** Default: "Page". */
  readonly pageName?: string | undefined
}
