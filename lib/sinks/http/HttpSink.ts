import { randomUUID } from 'node:crypto'
import type { Clock } from '../../client/Clock.ts'
import { onAbort } from '../../client/onAbort.ts'
import type { LeadpipeError } from '../../errors.ts'
import { Mark } from '../../model/Mark.ts'
import { encodeError } from '../encode/encodeError.ts'
import { type Continuation, Sink } from '../Sink.ts'
import { type Batch, Batcher } from './Batcher.ts'
import { BatchTimer } from './BatchTimer.ts'
import { bodyFormats } from './bodyFormats.ts'
import { Deliveries } from './Deliveries.ts'
import { deliveryError } from './deliveryError.ts'
import type { HttpCounts } from './HttpCounts.ts'
import { type HttpState, httpState } from './httpState.ts'
import type { HttpSettings } from './options.ts'

type Callback = (error?: Error | null) => void

/** Records to an HTTP receiver. Made by `toHttp()`. */
export class HttpSink<T = unknown> extends Sink<T> {
  override readonly identity: Readonly<Record<string, unknown>>
  readonly #settings: HttpSettings<T>
  readonly #batcher: Batcher<T>
  readonly #timer: BatchTimer
  readonly #deliveries: Deliveries<T>
  #received = 0
  #continuation: Continuation | undefined
  /** Whether a process that has ended delivered everything. */
  #complete = false
  /** Ends the wait for the user's signal. */
  #unlisten: (() => void) | undefined

  constructor(target: URL, settings: HttpSettings<T>, clock: Clock) {
    super()
    const { format, batch, runId = randomUUID() } = settings
    const deliveries = new Deliveries(target, settings, runId, clock, cause => this.#fail(cause))
    this.#settings = settings
    this.#deliveries = deliveries
    this.#batcher = new Batcher(bodyFormats[format], batch)
    this.#timer = new BatchTimer({
      milliseconds: batch.milliseconds,
      clock,
      slots: deliveries.slots,
      onOver: () => {
        const waited = this.#batcher.cut()
        if (waited !== undefined) deliveries.start(waited)
      },
    })
    this.identity = deliveries.identity
  }

  /** Names the run in the Idempotency-Key of each batch; after a restart, the run that is continued. */
  get runId(): string {
    return this.#deliveries.runId
  }

  /** Where records go: scheme, host and path. */
  get url(): string {
    return this.#deliveries.url
  }

  override get destination(): string {
    return this.url
  }

  override get counts(): HttpCounts {
    return { received: this.#received, ...this.#deliveries.counts }
  }

  /** Sends nothing: a receiver that is absent shows at the first batch. */
  override async check(): Promise<void> {
    this.#settings.signal?.throwIfAborted()
    await this.#deliveries.check()
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
    await this.#deliveries.continueFrom(state?.deadLetter, last?.deadLetter)
    this.#continuation = continuation
    if (state !== undefined) this.#restore(state)
  }

  override _write(record: T | Mark, _encoding: BufferEncoding, callback: Callback): void {
    if (!this.#open(callback)) return
    if (record instanceof Mark) {
      this.#mark(record).then(() => callback(), callback)
      return
    }
    this.#received += 1
    if (this.#complete) {
      callback(this.lateRecord(`${this.url} has got everything already`, { url: this.url }))
      return
    }
    let full: Batch<T>[]
    try {
      full = this.#batcher.add(record)
    } catch (cause) {
      callback(this.#explained(encodeError(record, this.#received, cause)))
      return
    }
    if (full.length > 0) this.#timer.stop()
    if (this.#batcher.count > 0) this.#timer.start()
    if (full.length === 0) callback()
    else this.#deliveries.send(full).then(() => callback())
  }

  override _final(callback: Callback): void {
    if (!this.#open(callback)) return
    this.#finish().then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#unlisten?.()
    this.#timer.stop()
    const end = () => {
      const early = this.closedEarly()
      callback(error ?? (early ? this.#explained(early) : null))
    }
    this.#deliveries.release().then(end, end)
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

  async #finish(): Promise<void> {
    this.#timer.stop()
    const rest = this.#batcher.cut()
    if (rest !== undefined) await this.#deliveries.send([rest])
    await this.#deliveries.slots.idle()
    if (this.destroyed) return
    if (this.#continuation !== undefined && !this.#complete) {
      await this.#continuation.complete(await this.#state(true))
      if (this.destroyed) return
    }
    await this.#explain(this.#deliveries.end())
  }

  async #mark(mark: Mark): Promise<void> {
    if (this.#continuation === undefined) throw this.strayMark(this.url)
    await this.#deliveries.slots.idle()
    // What is not settled now never will be.
    if (this.destroyed) return
    await mark.durable(await this.#state(this.#complete))
  }

  /** Where to go on, when every batch that was started is settled. */
  async #state(complete: boolean): Promise<HttpState> {
    const { position, held } = this.#batcher.place
    const deadLetter = await this.#explain(this.#deliveries.mark())
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
    this.#received = counts.received
    this.#batcher.goOn(position, held)
    this.#deliveries.runId = runId
    this.#deliveries.restore(counts)
    this.#complete = complete === true
  }

  #fail(cause: unknown): void {
    if (!this.destroyed) this.destroy(this.#explained(cause))
  }

  #explain<V>(work: Promise<V>): Promise<V> {
    return work.catch(cause => {
      throw this.#explained(cause)
    })
  }

  #explained(cause: unknown): LeadpipeError {
    return deliveryError(cause, this.url, this.counts)
  }
}
