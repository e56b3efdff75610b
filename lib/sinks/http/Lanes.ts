/** Runs so many tasks at once, and lets others wait for a free lane. */
export class Lanes {
  readonly #count: number
  readonly #running = new Set<Promise<void>>()
  #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#count = count
  }

  /** Whether every lane has its task. */
  get full(): boolean {
    return this.#running.size >= this.#count
  }

  /** Resolves when a task has ended. Another may have taken its lane by then: look again. */
  freed(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
    })
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
