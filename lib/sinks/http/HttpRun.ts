import { onAbort } from '../../async/onAbort.ts'
import { closedError } from '../../async/prematureClose.ts'
import type { LeadpipeError } from '../../errors.ts'
import { encodeError } from '../../formats/EncodeBuffer.ts'
import type { Clock } from '../../http/Clock.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { SinkOpening, SinkRun } from '../../stage/SinkStage.ts'
import { type Batch, Batcher } from './Batcher.ts'
import { BatchTimer } from './BatchTimer.ts'
import { bodyFormats } from './bodyFormats.ts'
import { Deliveries } from './Deliveries.ts'
import { deliveryError } from './deliveryError.ts'
import type { HttpCounts } from './HttpCounts.ts'
import { type HttpState, httpState } from './httpState.ts'
import type { HttpSettings } from './options.ts'

/** What an HTTP receiver is reached with. */
export interface HttpTarget<T> {
  readonly url: URL
  readonly settings: HttpSettings<T>
  readonly runId: string
  readonly clock: Clock
}

/** Delivers records to an HTTP receiver once. */
export class HttpRun<T> implements SinkRun<T> {
  readonly #deliveries: Deliveries<T>
  readonly #batcher: Batcher<T>
  readonly #timer: BatchTimer
  readonly #unlisten: () => void
  readonly #fail: (error: unknown) => void
  /** Why a batch could not be delivered, or a dead letter not be written. */
  #failure: LeadpipeError | undefined
  #isOver = false
  #received = 0
  /** A barrier that is not reached yet: no record is taken meanwhile. */
  #flushing: Promise<unknown> | undefined
  /** The state of a process before that delivered everything. */
  #complete: HttpState | undefined

  private constructor({ url, settings, runId, clock }: HttpTarget<T>, { fail }: SinkOpening) {
    const { format, batch, signal } = settings
    const deliveries = new Deliveries(url, settings, runId, clock, cause => this.#failed(cause))
    this.#fail = fail
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
    this.#unlisten = signal === undefined ? () => {} : onAbort(signal, () => fail(signal.reason))
  }

  /**
   * After a restart the same batches are sent as without one, under the same keys; those since the state was
   * saved once more.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state can't be read, is of another run, or the dead letters are
   * not what it says; OPTION for batches that are cut by time, and dead letters that can't be resumed.
   */
  static async open<T>(target: HttpTarget<T>, opening: SinkOpening): Promise<HttpRun<T>> {
    const { settings } = target
    const { resumable, previous, at } = opening
    settings.signal?.throwIfAborted()
    if (resumable !== undefined && settings.batch.milliseconds !== undefined) {
      const why = 'batches cut by time differ after a restart; leave it out with a checkpoint'
      throw optionError('toHttp(): batch.milliseconds', why)
    }
    const run = new HttpRun(target, opening)
    const state =
      opening.state === undefined
        ? undefined
        : httpState(opening.state, settings as HttpSettings<never>, run.destination)
    await run.#deliveries.deadLetters?.open({
      at,
      resumable,
      state: state?.deadLetter,
      previous: (previous as HttpState | undefined)?.deadLetter,
    })
    if (state !== undefined) run.#restore(state)
    return run
  }

  /** Names the run in the Idempotency-Key of each batch; after a restart, the run that is resumed. */
  get runId(): string {
    return this.#deliveries.runId
  }

  get destination(): string {
    return this.#deliveries.url
  }

  counts(): HttpCounts & Record<string, number> {
    return { received: this.#received, ...this.#deliveries.counts }
  }

  write(record: T): void | Promise<void> {
    return this.#flushing === undefined ? this.#take(record) : this.#flushing.then(() => this.#take(record))
  }

  flush(): Promise<HttpState> {
    const state = this.#settled()
    const over = () => {
      this.#flushing = undefined
    }
    this.#flushing = state.then(over, over)
    return state
  }

  async prepare(): Promise<HttpState> {
    this.#timer.stop()
    const { deadLetters, slots } = this.#deliveries
    if (this.#complete === undefined) {
      const rest = this.#batcher.cut()
      if (rest !== undefined) await this.#deliveries.send([rest])
      await slots.idle()
      this.#throwIfFailed()
    }
    const deadLetter = await this.#explain(deadLetters?.prepare())
    return this.#complete ?? { ...this.#state(deadLetter), complete: true }
  }

  async commit(): Promise<void> {
    this.#unlisten()
    await this.#explain(this.#deliveries.deadLetters?.commit())
    await this.#deliveries.close()
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#unlisten()
    this.#timer.stop()
    await this.#deliveries.release()
  }

  #take(record: T): void | Promise<void> {
    this.#received += 1
    let full: Batch<T>[]
    try {
      full = this.#batcher.add(record)
    } catch (cause) {
      throw this.#explained(encodeError(record, this.#received, cause))
    }
    if (full.length > 0) this.#timer.stop()
    if (this.#batcher.count > 0) this.#timer.start()
    return full.length === 0 ? undefined : this.#deliveries.send(full)
  }

  async #settled(): Promise<HttpState> {
    await this.#deliveries.slots.idle()
    // A batch that failed is not settled: a restart must send it again.
    this.#throwIfFailed()
    return this.#state(await this.#explain(this.#deliveries.deadLetters?.flush()))
  }

  /** The state when no batch is under way. */
  #state(deadLetter: unknown): HttpState {
    const { position, held } = this.#batcher.place
    return {
      runId: this.runId,
      position,
      held: [...held],
      counts: this.counts(),
      ...(deadLetter === undefined ? {} : { deadLetter }),
    }
  }

  #restore(state: HttpState): void {
    const { runId, position, held, counts, complete } = state
    this.#received = counts.received
    this.#batcher.goOn(position, held)
    this.#deliveries.runId = runId
    this.#deliveries.restore(counts)
    if (complete) this.#complete = state
  }

  async #explain<V>(work: Promise<V> | undefined): Promise<V | undefined> {
    return work?.catch(cause => {
      throw this.#explained(cause)
    })
  }

  #failed(cause: unknown): void {
    // What comes of ending the batches that are under way is not a failure.
    if (this.#isOver || this.#failure !== undefined) return
    this.#failure = this.#explained(cause)
    this.#fail(this.#failure)
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isOver) throw this.#explained(closedError())
  }

  #explained(cause: unknown): LeadpipeError {
    return deliveryError(cause, this.destination, this.counts())
  }
}
