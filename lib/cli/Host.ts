import type { Writable } from 'node:stream'

/** A stream that may be a terminal. */
export type Output = Writable & Pick<Partial<NodeJS.WriteStream>, 'isTTY' | 'columns'>

/** The parts of a process that a command needs. `process` has them; tests provide their own. */
export interface Host {
  /** The destination `-` is this stream; the run ends it like any other, unless it belongs to the process. */
  readonly stdout: Output
  readonly stderr: Output
  /** Environment variables; only LEADPIPE_ACCESS_TOKEN is read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Listens for one signal of the operating system. */
  once(signal: InterruptionName, listener: (signal: InterruptionName) => void): unknown
  off(signal: InterruptionName, listener: (signal: InterruptionName) => void): unknown
}

/** Exit codes after an interruption: 128 plus the number of the signal, as a shell reports it. */
const interruptionCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A signal that ends a command in an orderly way. */
export type InterruptionName = keyof typeof interruptionCodes

const interruptionNames = Object.keys(interruptionCodes) as InterruptionName[]

/** The exit codes of the process. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  fewerThanMatch: 3,
  comeBackLater: 75,
  /** As a shell reports a process that SIGPIPE ended. */
  readerGone: 141,
  ...interruptionCodes,
} as const

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

/**
 * Passes on a signal that aborts with an Interruption on SIGHUP, SIGINT and SIGTERM, until `work` has ended. A
 * second signal of the same kind ends the process at once, as it does by default.
 */
export async function interruptible<T>(host: Host, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = (name: InterruptionName) => controller.abort(new Interruption(name))
  for (const name of interruptionNames) host.once(name, abort)
  try {
    return await work(controller.signal)
  } finally {
    for (const name of interruptionNames) host.off(name, abort)
  }
}
