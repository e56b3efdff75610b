/** Runs so many tasks at once, and lets others wait for a free slot. */
export class TaskSlots {
  readonly #count: number
  readonly #running = new Set<Promise<void>>()
  #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#count = count
  }

  /** Resolves when a slot is free, or, with the next task that ends, when the signal is aborted. */
  async free(signal: AbortSignal): Promise<void> {
    // Another may have taken the slot by the time that who waits is told.
    while (this.#running.size >= this.#count && !signal.aborted) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    }
  }

  /** Starts a task, which must not reject. */
  start(task: () => Promise<void>): void {
    const running = task().finally(() => {
      this.#running.delete(running)
      const waiting = this.#waiting
      this.#waiting = []
      for (const resolve of waiting) resolve()
    })
    this.#running.add(running)
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
