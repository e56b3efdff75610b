import type { Writable } from 'node:stream'
import type { InterruptionName } from './exitCodes.ts'

/** A stream that may be a terminal. */
export type Output = Writable & Pick<Partial<NodeJS.WriteStream>, 'isTTY' | 'columns'>

/** What a command needs of the process that it runs in. `process` is one; tests bring their own. */
export interface Host {
  /** The destination `-` is this stream; the run ends it like any other, unless it is the process's own. */
  readonly stdout: Output
  readonly stderr: Output
  /** Environment variables; only LEADPIPE_ACCESS_TOKEN is read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Listens for a signal of the operating system until it comes once. */
  once(signal: InterruptionName, listener: (signal: InterruptionName) => void): unknown
  off(signal: InterruptionName, listener: (signal: InterruptionName) => void): unknown
}
