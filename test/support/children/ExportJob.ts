import type { ContactsAsLeadsOptions, CrmOptions, FormSubmissionsOptions, LeadsQuery } from 'leadpipe'
import type { Aim } from './Aim.ts'

/** A source of today's APIs, and its options. */
export type CrmSource =
  | ['contacts', options: CrmOptions]
  | ['formSubmissions', options?: FormSubmissionsOptions]
  | ['contactsAsLeads', options?: ContactsAsLeadsOptions]

/** The export of a process, and the moment at which it dies. */
export interface ExportJob {
  origin: string
  accessToken: string
  /** The folder of all files. */
  dir: string
  /** The name of the output file. */
  name: string
  /** Default: every lead. */
  query?: LeadsQuery
  /** What is exported instead of leads. */
  source?: CrmSource
  /** The number of records between two saves. */
  every: number
  /** Whether a user's Transform that holds a record back is among the operators. Default: false. */
  transform?: boolean
  /** The name of a second output, in a branch, which gets every third record. Default: none. */
  thirds?: string
  aim?: Aim
}
