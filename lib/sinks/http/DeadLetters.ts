import { finished, type Writable } from 'node:stream'
import { optionError } from '../../model/checkOptions.ts'
import { Mark } from '../../model/Mark.ts'
import { Sink } from '../Sink.ts'

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

/** Sets refused records aside in a Writable that may be the sink's to end. */
export class DeadLetters {
  readonly #sink: Writable
  readonly #end: 'with-sink' | 'never'
  readonly #unwatch: () => void
  readonly #pending = new Set<(error: unknown) => void>()
  readonly #ended: Promise<void>
  #failure: unknown
  #written = 0
  /** Whether another process can go on with them. */
  #continued = false

  /** @param onFailure called when the Writable fails, or is closed early */
  constructor(sink: Writable, end: 'with-sink' | 'never', onFailure: (error: unknown) => void) {
    this.#sink = sink
    this.#end = end
    let settle = () => {}
    this.#ended = new Promise(resolve => {
      settle = resolve
    })
    this.#unwatch = finished(sink, { readable: false }, error => {
      settle()
      if (error) {
        this.#failure = error
        onFailure(error)
      }
      this.#rejectAll(error ?? new Error('the dead-letter sink was ended'))
    })
  }

  /** Looks whether they can be written, where the Writable is a sink of leadpipe's. */
  async check(): Promise<void> {
    if (this.#sink instanceof Sink) await this.#sink.check()
  }

  /** What must be the same after a restart. */
  get identity(): Readonly<Record<string, unknown>> | undefined {
    return this.#sink instanceof Sink ? this.#sink.identity : undefined
  }

  /**
   * Goes on with them where a process that has ended left them.
   *
   * @param state what `mark` gave; undefined at the first start
   * @param last what it gave at the end of the window before
   * @throws {LeadpipeError} OPTION when the Writable can't; CHECKPOINT when it is not what the state says.
   */
  async continueFrom(state: unknown, last: unknown): Promise<void> {
    if (!(this.#sink instanceof Sink) || this.#sink.identity === undefined) {
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
    // When it is complete is said by the sink's own state, which holds that of the dead letters.
    await this.#sink.continueFrom({ state, last, complete: async () => {} })
    this.#continued = true
  }

  /** Resolves when the Writable has taken a record. */
  async add(letter: DeadLetter): Promise<void> {
    await this.#write(letter)
    this.#written += 1
  }

  /** Where they can be continued, once all of them are durable. */
  async mark(): Promise<unknown> {
    let state: unknown
    await this.#write(
      new Mark(undefined, async given => {
        state = given
      }),
    )
    return state
  }

  /** Ends the Writable, where that is the sink's to do, and waits until it is done. */
  async end(): Promise<void> {
    if (this.#end === 'never') return
    this.#sink.end()
    await this.#ended
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * After the sink has failed, or finished: what was set aside is kept, as a file or for the next process;
   * nothing is begun for nothing.
   */
  async release(): Promise<void> {
    this.#rejectAll(new Error('the sink was closed'))
    if (this.#end === 'with-sink' && !this.#sink.destroyed) {
      const unneeded = this.#continued || this.#written === 0
      if (unneeded && !this.#sink.writableEnded) this.#sink.destroy()
      else this.#sink.end()
      await this.#ended
    }
    this.#unwatch()
    // Of what fails now nobody waits any more.
    if (this.#end === 'with-sink') this.#sink.on('error', () => {})
  }

  #write(value: DeadLetter | Mark): Promise<void> {
    if (this.#sink.destroyed || this.#sink.writableEnded) {
      return Promise.reject(this.#failure ?? new Error('the dead-letter sink was ended'))
    }
    return new Promise((resolve, reject) => {
      this.#pending.add(reject)
      this.#sink.write(value, error => {
        this.#pending.delete(reject)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  #rejectAll(error: unknown): void {
    for (const reject of this.#pending) reject(error)
    this.#pending.clear()
  }
}
