/** What the process exits with when it is interrupted: 128 and the number of the signal, as a shell reports it. */
const interruptionCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A signal that ends a command in good order. */
export type InterruptionName = keyof typeof interruptionCodes

export const interruptionNames = Object.keys(interruptionCodes) as InterruptionName[]

/** What the process exits with. */
export const exitCodes = { done: 0, failed: 1, usage: 2, comeBackLater: 75, ...interruptionCodes } as const

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return exitCodes[error.signal]
  const { code } = error as { code?: unknown }
  if (code === 'OPTION') return exitCodes.usage
  return code === 'DAILY_LIMIT' ? exitCodes.comeBackLater : exitCodes.failed
}

/** The reason of an abort by a signal of the operating system. */
export class Interruption extends Error {
  readonly signal: InterruptionName

  constructor(signal: InterruptionName) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}
