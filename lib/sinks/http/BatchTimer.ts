import type { Clock } from '../../http/Clock.ts'
import type { TaskSlots } from './TaskSlots.ts'

/** What a batch timer works with. */
export interface BatchTimerOptions {
  /** How long a batch waits for more records; undefined is for ever. */
  milliseconds: number | undefined
  clock: Clock
  /** Where batches are sent: while none is free, the one that has waited goes on filling. */
  slots: TaskSlots
  /** Called when the batch has waited long enough. */
  onOver(): void
}

/** Says when a batch that is not full has waited long enough. */
export class BatchTimer {
  readonly #options: BatchTimerOptions
  #waiting: AbortController | undefined

  constructor(options: BatchTimerOptions) {
    this.#options = options
  }

  /** Begins to wait, unless it waits already. */
  start(): void {
    const { milliseconds, clock, slots, onOver } = this.#options
    if (milliseconds === undefined || this.#waiting !== undefined) return
    const waiting = new AbortController()
    const { signal } = waiting
    this.#waiting = waiting
    const over = async () => {
      await slots.free(signal)
      if (signal.aborted) return
      this.stop()
      onOver()
    }
    clock.wait(milliseconds, signal).then(over, () => {})
  }

  /** Ends the wait. */
  stop(): void {
    this.#waiting?.abort()
    this.#waiting = undefined
  }
}
