import { onAbort } from '../../async/onAbort.ts'
import { LeadpipeError, messageOf } from '../../errors.ts'
import type { SinkRun } from '../../stage/SinkStage.ts'

/** A record that was refused for good, and by what. */
export interface DeadLetter<T = unknown> {
  /** The record as it reached the sink. */
  record: T
  /** Status of the answer. */
  status: number
  /** What the answer said, at most 1,000 characters, without secrets. */
  answer: string
  /** Why this record, where `readAnswer` told. */
  reason?: string
  /** Idempotency-Key of the batch that it was in. */
  batchKey: string
  /** When it was set aside, in milliseconds since 1970-01-01 UTC. */
  time: number
}

/** Writes refused records to a side output, one after the other: several batches may be refused at once. */
export class DeadLetters {
  readonly #output: Pick<SinkRun, 'write'>
  readonly #signal: AbortSignal
  #queue: Promise<void> = Promise.resolve()

  /** @param signal ends the wait for room: that may never come */
  constructor(output: Pick<SinkRun, 'write'>, signal: AbortSignal) {
    this.#output = output
    this.#signal = signal
  }

  /**
   * Resolves when the output has room for another record.
   *
   * @throws {LeadpipeError} SINK when it failed, or the signal is aborted
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

/** What the sink of dead letters failed with. */
export function deadLetterError(cause: unknown): LeadpipeError {
  return new LeadpipeError('SINK', `the dead-letter sink failed: ${messageOf(cause)}`, { cause })
}
