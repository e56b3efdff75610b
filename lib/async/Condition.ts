/** Lets any number wait until something holds that others bring about. */
export class Condition {
  #waiting: (() => void)[] = []

  /** Resolves when `holds` does: it is asked now, and after each `notify`. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    }
  }

  /** Lets those that wait look again. */
  notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
