import type { Writable } from 'node:stream'
import { LeadpipeError, messageOf } from '../../errors.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { SinkOpening, SinkRun, SinkStage } from '../../stage/SinkStage.ts'
import type { Json } from '../../stage/Stage.ts'
import type { Attachment } from '../../streams/attach.ts'
import { attachSink, WritableRun } from '../../streams/attachSink.ts'

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

/** Where refused records are kept: another sink, which may be this sink's to end. */
export class DeadLetters {
  readonly #end: 'with-sink' | 'never'
  readonly #sink: Attachment<SinkStage>
  /** A Writable that several sinks share: it is only written to. */
  readonly #shared: Writable | undefined
  readonly #onFailure: (error: unknown) => void
  #run: SinkRun | undefined
  /** One record after the other. */
  #queue: Promise<void> = Promise.resolve()
  #written = 0
  #isResumable = false

  /** @param onFailure called when the sink fails, or is closed early */
  constructor(sink: Writable, end: 'with-sink' | 'never', onFailure: (error: unknown) => void) {
    this.#end = end
    this.#onFailure = error => onFailure(deadLetterError(error))
    this.#shared = end === 'never' ? sink : undefined
    this.#sink = attachSink(sink, error => this.#onFailure(error))
    if (end === 'never') this.#sink.release()
  }

  /**
   * Opens the sink; before the first record.
   *
   * @throws {LeadpipeError} OPTION when it can't be resumed and is to be; CHECKPOINT when it is not what the state says.
   */
  async open(opening: Omit<SinkOpening, 'fail'>): Promise<void> {
    this.#isResumable = opening.resumable !== undefined
    if (this.#isResumable) this.#refuseUnresumable()
    this.#run =
      this.#shared === undefined
        ? await this.#sink.stage.open({ ...opening, fail: this.#onFailure })
        : new WritableRun(this.#shared, this.#onFailure)
  }

  /** Resolves when the sink has taken a record. */
  add(letter: DeadLetter): Promise<void> {
    const added = this.#queue.then(() => this.#run?.write(letter))
    this.#queue = added.catch(() => {})
    return added.then(
      () => {
        this.#written += 1
      },
      error => {
        throw deadLetterError(error)
      },
    )
  }

  /** The state behind what was added, once all of it is durable. */
  async flush(): Promise<Json> {
    return this.#run?.flush?.().catch(rethrown)
  }

  /** Writes the end, where that is this sink's to do; the state when everything is durable. */
  async prepare(): Promise<Json> {
    if (this.#shared !== undefined) return undefined
    this.#sink.finish()
    return this.#run?.prepare().catch(rethrown)
  }

  async commit(): Promise<void> {
    if (this.#shared !== undefined) return this.#release()
    await this.#run?.commit().catch(rethrown)
    // Nobody has prepared them in a process that only commits.
    this.#sink.finish()
    await this.#sink.close(true)
  }

  /**
   * After a failure: what was set aside is kept, as a file or for the next process; nothing is begun for nothing.
   */
  async release(): Promise<void> {
    if (this.#shared !== undefined) return this.#release()
    const unneeded = this.#written === 0 ? 'discard' : 'keep'
    await this.#run?.end(this.#isResumable ? 'leave' : unneeded)
    await this.#sink.close(false)
  }

  #release(): void {
    if (this.#run instanceof WritableRun) this.#run.release()
  }

  #refuseUnresumable(): void {
    if (this.#sink.stage.fingerprint === undefined) {
      const expected =
        'with a checkpoint, expected a sink that can be continued, such as toFile("refused.ndjson")'
      throw optionError('toHttp(): deadLetter', expected)
    }
    if (this.#end === 'never') {
      throw optionError(
        'toHttp(): endDeadLetter',
        'with a checkpoint, expected "with-sink", received "never"',
      )
    }
  }
}

function rethrown(cause: unknown): never {
  throw deadLetterError(cause)
}

function deadLetterError(cause: unknown): LeadpipeError {
  return new LeadpipeError('SINK', `the dead-letter sink failed: ${messageOf(cause)}`, { cause })
}
