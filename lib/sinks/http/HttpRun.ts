import PQueue from 'p-queue'
import { onAbort } from '../../async/onAbort.ts'
import { closedError } from '../../async/prematureClose.ts'
import { patience, within } from '../../async/promises.ts'
import { describe, LeadpipeError, messageOf } from '../../errors.ts'
import { encodeError } from '../../formats/Encoder.ts'
import type { Clock } from '../../http/Clock.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { Ending, SinkOpening, SinkRun } from '../../stage/SinkStage.ts'
import { sinkStage } from '../../streams/attachSink.ts'
import { describeStage } from '../../streams/Operator.ts'
import { Batcher, type HttpBatch } from './Batcher.ts'
import { BatchTimer } from './BatchTimer.ts'
import { bodyFormats } from './body.ts'
import { DeadLetters } from './DeadLetters.ts'
import { type Delivery, deliver } from './deliver.ts'
import { describeUrl } from './destinationUrl.ts'
import { type HttpCounts, type HttpState, httpState, noCounts } from './httpState.ts'
import type { HttpSettings } from './options.ts'
import { Receiver } from './Receiver.ts'
import { Secrets } from './Secrets.ts'

/** An HTTP receiver, and how it is reached. */
export interface HttpTarget<T> {
  readonly url: URL
  readonly settings: HttpSettings<T>
  readonly runId: string
  readonly clock: Clock
}

/** Delivers records to an HTTP receiver once. */
export class HttpRun<T> implements SinkRun<T> {
  /** Identifies the run in the Idempotency-Key of each batch; after a restart, it is the id of the resumed run. */
  readonly runId: string
  readonly #batcher: Batcher<T>
  readonly #timer: BatchTimer
  /** The batches in flight, and those that wait for their turn. */
  readonly #queue: PQueue
  readonly #receiver: Receiver
  readonly #delivery: Delivery<T>
  readonly #abort = new AbortController()
  readonly #unlisten: () => void
  readonly #fail: (error: unknown) => void
  /** Why a batch could not be delivered, or a dead letter could not be written. */
  #failure: LeadpipeError | undefined
  #isOver = false
  #received: number
  /** A pending barrier: until it is reached, no record is accepted. */
  #flushing: Promise<unknown> | undefined
  /** The state of an earlier process, if that delivered everything. */
  readonly #complete: HttpState | undefined

  private constructor(target: HttpTarget<T>, { fail, outputs }: SinkOpening, state?: HttpState) {
    const { url, settings, clock } = target
    const { format, batch, signal, concurrency, headers, onRefused } = settings
    const { runId = target.runId, position = 0, held = [], counts = noCounts } = state ?? {}
    const { received, requests, retries, ...delivered } = counts
    this.runId = runId
    this.#fail = fail
    this.#received = received
    this.#complete = state?.complete && state
    const secrets = new Secrets(headers, url)
    this.#receiver = new Receiver(url, settings as HttpSettings<never>, secrets, clock)
    this.#receiver.requests = requests
    this.#receiver.retries = retries
    this.#batcher = new Batcher(bodyFormats[format], batch)
    this.#batcher.resume(position, held)
    const deadLetter = onRefused === 'dead-letter' ? outputs?.deadLetter : undefined
    this.#delivery = {
      receiver: this.#receiver,
      settings,
      runId,
      secrets,
      clock,
      deadLetters: deadLetter && new DeadLetters(deadLetter, this.#abort.signal),
      counts: delivered,
      signal: this.#abort.signal,
    }
    this.#queue = new PQueue({ concurrency })
    this.#timer = new BatchTimer(batch.milliseconds, clock, this.#queue, async () => {
      const waited = this.#batcher.cut()
      if (waited !== undefined) await this.#deliver(waited)
    })
    this.#unlisten = signal === undefined ? () => {} : onAbort(signal, () => fail(signal.reason))
  }

  /**
   * After a restart the same batches are sent as without one, with the same keys. Batches that were sent after the
   * state was saved are sent again.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state can't be read, or is of another run; OPTION for batches that are
   * cut by time, or dead letters that can't be resumed.
   */
  static async open<T>(target: HttpTarget<T>, opening: SinkOpening): Promise<HttpRun<T>> {
    const settings = target.settings as HttpSettings<never>
    settings.signal?.throwIfAborted()
    if (opening.resumable !== undefined) refuseUnresumable(settings)
    const url = describeUrl(target.url)
    const state = opening.state === undefined ? undefined : httpState(opening.state, settings, url)
    return new HttpRun(target, opening, state)
  }

  get destination(): string {
    return this.#receiver.url
  }

  counts(): HttpCounts & Record<string, number> {
    const { requests, retries } = this.#receiver
    return { received: this.#received, ...this.#delivery.counts, requests, retries }
  }

  written(): Record<string, number> {
    return this.#delivery.deadLetters === undefined ? {} : { deadLetter: this.#delivery.counts.refused }
  }

  write(record: T): void | Promise<void> {
    return this.#flushing === undefined
      ? this.#receive(record)
      : this.#flushing.then(() => this.#receive(record))
  }

  flush(): Promise<HttpState> {
    const state = this.#settled()
    const done = () => {
      this.#flushing = undefined
    }
    this.#flushing = state.then(done, done)
    return state
  }

  async prepare(): Promise<HttpState> {
    this.#timer.stop()
    if (this.#complete !== undefined) return this.#complete
    const last = this.#batcher.cut()
    if (last !== undefined) await this.#send([last])
    return { ...(await this.#settled()), complete: true }
  }

  async commit(): Promise<void> {
    this.#unlisten()
    await this.#receiver.close()
  }

  async end(how: Ending): Promise<void> {
    // Without this, records that wait for a full batch would be lost. A receiver that does not answer is not awaited.
    if (how === 'keep') await within(patience, this.prepare())
    this.#isOver = true
    this.#unlisten()
    this.#timer.stop()
    this.#queue.clear()
    this.#abort.abort(closedError())
    await this.#receiver.close()
    await this.#queue.onIdle()
  }

  #receive(record: T): void | Promise<void> {
    this.#received += 1
    let full: HttpBatch<T>[]
    try {
      full = this.#batcher.add(record)
    } catch (cause) {
      throw this.#explained(encodeError(record, this.#received, cause))
    }
    if (full.length > 0) this.#timer.stop()
    if (this.#batcher.count > 0) this.#timer.start()
    return full.length === 0 ? undefined : this.#send(full)
  }

  /** Resolves when the batches are in flight: until then no more records may be accepted. */
  async #send(batches: readonly HttpBatch<T>[]): Promise<void> {
    for (const batch of batches) this.#queue.add(() => this.#deliver(batch))
    await this.#queue.onSizeLessThan(1)
  }

  async #deliver(batch: HttpBatch<T>): Promise<void> {
    // Nothing is started after a failure.
    if (this.#failure !== undefined) return
    try {
      await deliver(batch, this.#delivery)
    } catch (cause) {
      // An error from aborting the batches in flight is not a failure.
      if (this.#isOver || this.#failure !== undefined) return
      this.#failure = this.#explained(cause)
      this.#fail(this.#failure)
    }
  }

  /** The state once no batch is in flight. A failed batch is not settled: a restart must send it again. */
  async #settled(): Promise<HttpState> {
    await this.#queue.onIdle()
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isOver) throw this.#explained(closedError())
    const { position, held } = this.#batcher.progress
    return { runId: this.runId, position, held: [...held], counts: this.counts() }
  }

  #explained(cause: unknown): LeadpipeError {
    return deliveryError(cause, this.destination, this.counts())
  }
}

/** @throws {LeadpipeError} OPTION for settings with which a restart could not resume. */
function refuseUnresumable({ batch, deadLetter, endDeadLetter }: HttpSettings<never>): void {
  const wrong = (option: string, expected: string, received: string) =>
    optionError({ owner: 'toHttp()', option, expected: `${expected} in a run with a checkpoint`, received })
  if (batch.milliseconds !== undefined) {
    const why = 'none (batches cut by time differ after a restart)'
    throw wrong('batch.milliseconds', why, String(batch.milliseconds))
  }
  if (deadLetter === undefined) return
  if (sinkStage(deadLetter).fingerprint === undefined) {
    const expected = 'a sink that can be resumed, such as toFile("refused.ndjson"),'
    throw wrong('deadLetter', expected, describeStage(deadLetter))
  }
  if (endDeadLetter === 'never') throw wrong('endDeadLetter', '"with-sink"', describe(endDeadLetter))
}

/** A SINK error with the URL, the reason, and how many records were acknowledged. */
export function deliveryError(cause: unknown, url: string, counts: HttpCounts): LeadpipeError {
  const { received, acknowledged } = counts
  const unacknowledged = received - acknowledged
  const known = cause instanceof LeadpipeError ? cause : undefined
  const { status } = (known?.context ?? {}) as { status?: number }
  const sums = `of ${received} records received, ${acknowledged} were acknowledged and ${unacknowledged} were not`
  return new LeadpipeError('SINK', `can't deliver to ${url}: ${reasonOf(cause, url)}; ${sums}`, {
    retryable: known?.retryable ?? false,
    cause,
    context: { url, acknowledged, unacknowledged, ...(status === undefined ? {} : { status }) },
  })
}

/** The reason without the URL, because the message already begins with it. */
function reasonOf(cause: unknown, url: string): string {
  const message = messageOf(cause).replace(`${url} answered `, 'it answered ')
  const origin = `${new URL(url).origin}: `
  return message.startsWith(origin) ? message.slice(origin.length) : message
}
