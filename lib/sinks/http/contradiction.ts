import { LeadpipeError } from '../../errors.ts'

/** An OPTION error about options that do not go together, or a value that is not repeated. */
export function contradiction(option: string, message: string): LeadpipeError {
  return new LeadpipeError('OPTION', `toHttp(): ${option}: ${message}`, { context: { option } })
}
