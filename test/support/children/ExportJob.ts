import type { LeadsQuery } from 'leadpipe'
import type { Aim } from './Aim.ts'

/** What a process is to export, and whether it is to die on the way. */
export interface ExportJob {
  origin: string
  accessToken: string
  /** Where everything is written. */
  dir: string
  /** The output file's name. */
  name: string
  /** Default: every lead. */
  query?: LeadsQuery
  /** Leads after which the checkpoint is saved. */
  every: number
  /** Whether a Transform of the user's is in the middle, which holds a record back. Default: false. */
  transform?: boolean
  aim?: Aim
}
