import { randomUUID } from 'node:crypto'
import type { Clock } from '../../client/Clock.ts'
import { onAbort } from '../../client/onAbort.ts'
import { LeadpipeError } from '../../errors.ts'
import { Mark } from '../../model/Mark.ts'
import { messageOf } from '../../model/messageOf.ts'
import { type Continuation, Sink } from '../Sink.ts'
import { type Batch, Batcher } from './Batcher.ts'
import { bodyFormats } from './bodyFormats.ts'
import { closedError } from './closedError.ts'
import { DeadLetters } from './DeadLetters.ts'
import { deliver } from './deliver.ts'
import { deliveryError } from './deliveryError.ts'
import type { HttpCounts } from './HttpCounts.ts'
import { httpIdentity } from './httpIdentity.ts'
import { type HttpState, httpState } from './httpState.ts'
import { Lanes } from './Lanes.ts'
import type { HttpSettings } from './options.ts'
import { Receiver } from './Receiver.ts'
import { Secrets } from './Secrets.ts'

type Callback = (error?: Error | null) => void

/** Records to an HTTP receiver. Made by `toHttp()`. */
export class HttpSink<T = unknown> extends Sink<T> {
  override readonly identity: Readonly<Record<string, unknown>>
  readonly #settings: HttpSettings<T>
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #receiver: Receiver
  readonly #batcher: Batcher<T>
  readonly #lanes: Lanes
  readonly #deadLetters: DeadLetters | undefined
  readonly #abort = new AbortController()
  #runId: string
  #continuation: Continuation | undefined
  /** Whether a process that has ended delivered everything. */
  #complete = false
  readonly #counts = { received: 0, acknowledged: 0, bytes: 0, batches: 0, splits: 0, refused: 0 }
  /** Ends the wait for more records for the batch that is being filled. */
  #patience: AbortController | undefined
  /** Ends the wait for the user's signal. */
  #unlisten: (() => void) | undefined

  constructor(target: URL, settings: HttpSettings<T>, clock: Clock) {
    super()
    const { headers, format, batch, concurrency, deadLetter, endDeadLetter } = settings
    this.#runId = settings.runId ?? randomUUID()
    this.#settings = settings
    this.#clock = clock
    this.#secrets = new Secrets(headers, target)
    this.#receiver = new Receiver(target, settings as HttpSettings<never>, this.#secrets, clock)
    this.#batcher = new Batcher(bodyFormats[format], batch)
    this.#lanes = new Lanes(concurrency)
    this.#deadLetters =
      deadLetter && new DeadLetters(deadLetter, endDeadLetter, error => this.#fail(deadLetterError(error)))
    this.identity = httpIdentity(this.url, settings as HttpSettings<never>, this.#deadLetters)
  }

  /** Names the run in the Idempotency-Key of each batch; after a restart, the run that is continued. */
  get runId(): string {
    return this.#runId
  }

  /** Where records go: scheme, host and path. */
  get url(): string {
    return this.#receiver.url
  }

  override get counts(): HttpCounts {
    const { requests, retries } = this.#receiver
    return { ...this.#counts, requests, retries }
  }

  /** Sends nothing: a receiver that is absent shows at the first batch. */
  override async check(): Promise<void> {
    this.#settings.signal?.throwIfAborted()
    await this.#deadLetters?.check()
  }

  /**
   * After a restart the same batches are sent as without one, under the same keys; those since the state was
   * saved once more.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state can't be read, is of another run, or the dead letters are
   * not what it says; OPTION for batches that are cut by time, and dead letters that can't be continued.
   */
  override async continueFrom(continuation: Continuation): Promise<void> {
    const state = httpState(continuation.state, this.#settings as HttpSettings<never>, this.url)
    const last = continuation.last as HttpState | undefined
    await this.#deadLetters?.continueFrom(state?.deadLetter, last?.deadLetter)
    this.#continuation = continuation
    if (state !== undefined) this.#restore(state)
  }

  override _write(record: T | Mark, _encoding: BufferEncoding, callback: Callback): void {
    if (!this.#open(callback)) return
    if (record instanceof Mark) {
      this.#mark(record).then(() => callback(), callback)
      return
    }
    this.#counts.received += 1
    let full: Batch<T>[]
    if (this.#complete) {
      callback(lateRecord(this.url))
      return
    }
    try {
      full = this.#batcher.add(record)
    } catch (cause) {
      callback(this.#explained(recordError(this.#counts.received, cause)))
      return
    }
    if (full.length > 0) this.#patience?.abort()
    this.#waitForMore()
    if (full.length === 0) callback()
    else this.#send(full).then(() => callback())
  }

  override _final(callback: Callback): void {
    if (!this.#open(callback)) return
    this.#finish().then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#unlisten?.()
    this.#patience?.abort()
    this.#abort.abort(closedError())
    const end = () => callback(error ?? this.#closedEarly())
    this.#release().then(end, end)
  }

  /** Looks at the user's signal, before the first record is taken. */
  #open(callback: Callback): boolean {
    const { signal } = this.#settings
    if (signal?.aborted) {
      callback(signal.reason)
      return false
    }
    this.#unlisten ??= signal && onAbort(signal, () => this.destroy(signal.reason))
    return true
  }

  /** Resolves when the batches are on their way: until then no more records are taken. */
  async #send(batches: readonly Batch<T>[]): Promise<void> {
    for (const batch of batches) {
      while (this.#lanes.full && !this.destroyed) await this.#lanes.freed()
      if (this.destroyed) return
      this.#start(batch)
    }
  }

  #start(batch: Batch<T>): void {
    this.#lanes.start(async () => {
      try {
        await deliver(batch, {
          receiver: this.#receiver,
          settings: this.#settings,
          runId: this.runId,
          secrets: this.#secrets,
          clock: this.#clock,
          deadLetters: this.#deadLetters,
          counts: this.#counts,
          signal: this.#abort.signal,
        })
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  /** Sends the batch that is being filled, full or not, when it has waited long enough. */
  #waitForMore(): void {
    const { milliseconds } = this.#settings.batch
    if (milliseconds === undefined || this.#batcher.held === 0) return
    if (this.#patience !== undefined && !this.#patience.signal.aborted) return
    const patience = new AbortController()
    this.#patience = patience
    const over = async () => {
      while (this.#lanes.full && !patience.signal.aborted) await this.#lanes.freed()
      if (patience.signal.aborted) return
      patience.abort()
      const batch = this.#batcher.cut()
      if (batch !== undefined) this.#start(batch)
    }
    this.#clock.wait(milliseconds, patience.signal).then(over, () => {})
  }

  async #finish(): Promise<void> {
    this.#patience?.abort()
    const rest = this.#batcher.cut()
    if (rest !== undefined) await this.#send([rest])
    await this.#lanes.idle()
    if (this.destroyed) return
    if (this.#continuation !== undefined && !this.#complete) {
      await this.#continuation.complete(await this.#state(true))
      if (this.destroyed) return
    }
    await this.#deadLetters?.end().catch(error => {
      throw this.#explained(deadLetterError(error))
    })
    await this.#receiver.close()
  }

  async #mark(mark: Mark): Promise<void> {
    if (this.#continuation === undefined) {
      throw new LeadpipeError('CHECKPOINT', `${this.url}: a mark came without a checkpoint`)
    }
    await this.#lanes.idle()
    // What is not settled now never will be.
    if (this.destroyed) return
    await mark.durable(await this.#state(this.#complete))
  }

  /** Where to go on, when every batch that was started is settled. */
  async #state(complete: boolean): Promise<HttpState> {
    const { position, held } = this.#batcher.place
    const deadLetter = await this.#deadLetters?.mark().catch(error => {
      throw this.#explained(deadLetterError(error))
    })
    return {
      runId: this.runId,
      position,
      held: [...held],
      counts: this.counts,
      ...(deadLetter === undefined ? {} : { deadLetter }),
      ...(complete ? { complete: true } : {}),
    }
  }

  #restore({ runId, position, held, counts, complete }: HttpState): void {
    const { requests, retries, ...rest } = counts
    this.#runId = runId
    this.#batcher.goOn(position, held)
    Object.assign(this.#counts, rest)
    this.#receiver.requests = requests
    this.#receiver.retries = retries
    this.#complete = complete === true
  }

  async #release(): Promise<void> {
    await this.#receiver.close()
    const released = this.#deadLetters?.release()
    await this.#lanes.idle()
    await released
  }

  #fail(cause: unknown): void {
    if (!this.destroyed) this.destroy(this.#explained(cause))
  }

  #explained(cause: unknown): LeadpipeError {
    return deliveryError(cause, this.url, this.counts)
  }

  /**
   * Who waits for a stream that was destroyed after its last record takes it for finished, although not all
   * records were delivered: they are told.
   */
  #closedEarly(): Error | null {
    if (!this.writableEnded || this.writableFinished || this.listenerCount('error') === 0) return null
    return this.#explained(closedError())
  }
}

function lateRecord(url: string): LeadpipeError {
  const message = `${url} has got everything already, and a record came: the checkpoint is not of this run`
  return new LeadpipeError('CHECKPOINT', message, { context: { url } })
}

function deadLetterError(cause: unknown): LeadpipeError {
  return new LeadpipeError('SINK', `the dead-letter sink failed: ${messageOf(cause)}`, { cause })
}

function recordError(number: number, cause: unknown): LeadpipeError {
  const message = `record ${number} can't be written: ${messageOf(cause)}`
  return new LeadpipeError('SINK', message, { cause, context: { record: number } })
}
