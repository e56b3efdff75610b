import { onAbort } from '../../async/onAbort.ts'
import { LeadpipeError, messageOf } from '../../errors.ts'
import type { SinkRun } from '../../stage/SinkStage.ts'

/** A record that was refused for good, and the answer that refused it. */
export interface DeadLetter<T = unknown> {
  /** The record as it reached the sink. */
  record: T
  /** The status of the answer. */
  status: number
  /** The text of the answer, at most 1,000 characters, without secrets. */
  answer: string
  /** Why this record was refused, if `readAnswer` returned a reason. */
  reason?: string
  /** The Idempotency-Key of its batch. */
  batchKey: string
  /** When it was written to the dead letters, in milliseconds since 1970-01-01 UTC. */
  time: number
}

/** Writes refused records to a side output, one after the other: several batches may be refused at once. */
export class DeadLetters {
  readonly #output: Pick<SinkRun, 'write'>
  readonly #signal: AbortSignal
  #queue: Promise<void> = Promise.resolve()

  /** @param signal aborts the wait for room, which may last forever */
  constructor(output: Pick<SinkRun, 'write'>, signal: AbortSignal) {
    this.#output = output
    this.#signal = signal
  }

  /**
   * Resolves when the output has room for another record.
   *
   * @throws {LeadpipeError} SINK when the output fails, or the signal is aborted
   */
  add(letter: DeadLetter): Promise<void> {
    const added = this.#queue.then(() => this.#write(letter))
    this.#queue = added.catch(() => {})
    return added.catch(cause => {
      throw deadLetterError(cause)
    })
  }

  async #write(letter: DeadLetter): Promise<void> {
    this.#signal.throwIfAborted()
    const room = this.#output.write(letter)
    if (room === undefined) return
    await new Promise<void>((resolve, reject) => {
      const unlisten = onAbort(this.#signal, () => reject(this.#signal.reason))
      room.finally(unlisten).then(resolve, reject)
    })
  }
}

/** The SINK error for a failure of the dead-letter sink. */
export function deadLetterError(cause: unknown): LeadpipeError {
  return new LeadpipeError('SINK', `the dead-letter sink failed: ${messageOf(cause)}`, { cause })
}
