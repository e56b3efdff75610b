/** The types of forms. */
export const formTypes = ['hubspot', 'captured', 'flow', 'blog_comment'] as const

/** A field of a form. Fields of single types have more members. */
export interface FormField {
  /** The type of the records that have the property: "0-1" for contacts. */
  objectTypeId?: string
  name: string
  label?: string
  fieldType?: string
  hidden?: boolean
  required?: boolean
  [member: string]: unknown
}

/** Fields that a form shows side by side. */
export interface FormFieldGroup {
  groupType?: string
  richText?: string
  fields?: FormField[]
  [member: string]: unknown
}

/** A form as the API returns it. */
export interface Form {
  /** A guid. */
  id: string
  name: string
  formType: (typeof formTypes)[number]
  /** ISO 8601. */
  createdAt: string
  updatedAt: string
  archived: boolean
  /** Only of an archived form. HubSpot deletes it three months later. */
  archivedAt?: string
  fieldGroups?: FormFieldGroup[]
  configuration?: Record<string, unknown>
  displayOptions?: Record<string, unknown>
  legalConsentOptions?: Record<string, unknown>
}
