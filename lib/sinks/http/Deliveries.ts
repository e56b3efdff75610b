import { closedError } from '../../async/prematureClose.ts'
import type { Clock } from '../../http/Clock.ts'
import type { Batch } from './Batcher.ts'
import { DeadLetters } from './DeadLetters.ts'
import { deliver } from './deliver.ts'
import type { HttpCounts } from './HttpCounts.ts'
import type { HttpSettings } from './options.ts'
import { Receiver } from './Receiver.ts'
import { Secrets } from './Secrets.ts'
import { TaskSlots } from './TaskSlots.ts'

/** Batches on their way to a receiver, what became of them, and what was set aside. */
export class Deliveries<T> {
  /** Names the run in the Idempotency-Key of each batch. */
  runId: string
  /** As many batches are under way at once. */
  readonly slots: TaskSlots
  readonly #settings: HttpSettings<T>
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #receiver: Receiver
  /** What was refused, if it is kept. */
  readonly deadLetters: DeadLetters | undefined
  readonly #abort = new AbortController()
  readonly #counts = { acknowledged: 0, bytes: 0, batches: 0, splits: 0, refused: 0 }
  readonly #onFailure: (cause: unknown) => void

  /** @param onFailure called when a batch can't be delivered, or a dead letter not be written */
  constructor(
    target: URL,
    settings: HttpSettings<T>,
    runId: string,
    clock: Clock,
    onFailure: (cause: unknown) => void,
  ) {
    const { headers, concurrency, deadLetter, endDeadLetter } = settings
    const untyped = settings as HttpSettings<never>
    this.runId = runId
    this.slots = new TaskSlots(concurrency)
    this.#settings = settings
    this.#clock = clock
    this.#secrets = new Secrets(headers, target)
    this.#receiver = new Receiver(target, untyped, this.#secrets, clock)
    this.#onFailure = onFailure
    this.deadLetters = deadLetter && new DeadLetters(deadLetter, endDeadLetter, onFailure)
  }

  /** Where records go: scheme, host and path. */
  get url(): string {
    return this.#receiver.url
  }

  /** What was counted so far. */
  get counts(): Omit<HttpCounts, 'received'> {
    const { requests, retries } = this.#receiver
    return { ...this.#counts, requests, retries }
  }

  /** Goes on counting. */
  restore({ requests, retries, received: _, ...counts }: HttpCounts): void {
    Object.assign(this.#counts, counts)
    this.#receiver.requests = requests
    this.#receiver.retries = retries
  }

  /** Resolves when the batches are on their way: until then no more records are to be taken. */
  async send(batches: readonly Batch<T>[]): Promise<void> {
    const { signal } = this.#abort
    for (const batch of batches) {
      await this.slots.free(signal)
      if (signal.aborted) return
      this.start(batch)
    }
  }

  /** Sends a batch at once. */
  start(batch: Batch<T>): void {
    this.slots.start(async () => {
      try {
        await deliver(batch, {
          receiver: this.#receiver,
          settings: this.#settings,
          runId: this.runId,
          secrets: this.#secrets,
          clock: this.#clock,
          deadLetters: this.deadLetters,
          counts: this.#counts,
          signal: this.#abort.signal,
        })
      } catch (error) {
        this.#onFailure(error)
      }
    })
  }

  /** Ends what is under way; dead letters are kept. */
  async release(): Promise<void> {
    this.#abort.abort(closedError())
    await this.#receiver.close()
    await this.slots.idle()
    await this.deadLetters?.release()
  }

  /** Ends the connections, when every batch is settled. */
  close(): Promise<void> {
    return this.#receiver.close()
  }
}
