import { LeadpipeError } from '../index.ts'
import { PortalError } from '../portal/index.ts'

/** What the process exits with. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  comeBackLater: 75,
  SIGINT: 130,
  SIGTERM: 143,
} as const

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return exitCodes[error.signal]
  if (error instanceof LeadpipeError && error.code === 'DAILY_LIMIT') return exitCodes.comeBackLater
  const code = error instanceof LeadpipeError || error instanceof PortalError ? error.code : undefined
  return code === 'OPTION' ? exitCodes.usage : exitCodes.failed
}

/** The reason of an abort by a signal of the operating system. */
export class Interruption extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM'

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}
