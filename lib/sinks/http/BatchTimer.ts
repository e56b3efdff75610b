import type PQueue from 'p-queue'
import type { Clock } from '../../http/Clock.ts'

/** Sends a batch that is not full after it has waited for a time. */
export class BatchTimer {
  readonly #milliseconds: number | undefined
  readonly #clock: Clock
  readonly #queue: PQueue
  readonly #send: () => Promise<void>
  #waiting: AbortController | undefined

  /**
   * @param milliseconds how long a batch waits for more records; undefined means forever
   * @param queue the queue of the sends: while it has no free slot, the overdue batch keeps filling
   * @param send cuts and sends the batch; must not reject
   */
  constructor(milliseconds: number | undefined, clock: Clock, queue: PQueue, send: () => Promise<void>) {
    this.#milliseconds = milliseconds
    this.#clock = clock
    this.#queue = queue
    this.#send = send
  }

  /** Starts the wait, unless it has already started. */
  start(): void {
    if (this.#milliseconds === undefined || this.#waiting !== undefined) return
    const waiting = new AbortController()
    const { signal } = waiting
    this.#waiting = waiting
    const send = async () => {
      if (signal.aborted) return
      this.stop()
      await this.#send()
    }
    this.#clock.wait(this.#milliseconds, signal).then(
      () => this.#queue.add(send),
      () => {},
    )
  }

  /** Ends the wait. */
  stop(): void {
    this.#waiting?.abort()
    this.#waiting = undefined
  }
}
