/**
 * The one place where a run waits. Whatever it waits for, an interruption ends the wait at once.
 *
 * A wait costs one resolver and leaves no reaction on a promise that lives longer than the wait: `Promise.race` with
 * a long-lived promise keeps some 300 bytes for each race until that promise settles.
 */
export class Waiter {
  #interruption: { reason: unknown } | undefined
  #wake: (() => void) | undefined

  /** Why nothing is waited for any more; undefined while waits go on. The first reason stays. */
  get interruption(): { readonly reason: unknown } | undefined {
    return this.#interruption
  }

  /** Ends the wait that is on, and every later one. */
  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#wake?.()
  }

  /** @throws the reason, when it was interrupted */
  throwIfInterrupted(): void {
    if (this.#interruption !== undefined) throw this.#interruption.reason
  }

  /** Ends the wait that is on, if it may be cut short. */
  cutShort(): void {
    if (this.#isShort) this.#wake?.()
  }

  #isShort = false

  /**
   * Resolves or rejects as `work` does.
   *
   * @throws the reason, when the waiter was or is interrupted
   */
  until<T>(work: PromiseLike<T>): Promise<T> {
    return this.#wait(work, false) as Promise<T>
  }

  /** The same, but resolves to undefined when {@link cutShort} is called meanwhile. */
  untilCutShort<T>(work: PromiseLike<T>): Promise<T | undefined> {
    return this.#wait(work, true)
  }

  #wait<T>(work: PromiseLike<T>, isShort: boolean): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#wake = undefined
        if (this.#interruption === undefined) resolve(undefined)
        else reject(this.#interruption.reason)
      }
      this.#wake = settle
      this.#isShort = isShort
      // Waited for or not, a rejection is never left unhandled.
      work.then(
        value => {
          if (this.#wake === settle) this.#wake = undefined
          resolve(value)
        },
        error => {
          if (this.#wake === settle) this.#wake = undefined
          reject(error)
        },
      )
      if (this.#interruption !== undefined) settle()
    })
  }
}
