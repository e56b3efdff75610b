/**
 * The one place where a run waits. Whatever it waits for, an interruption ends the wait at once.
 *
 * A wait costs one resolver and leaves no reaction on a promise that lives longer than the wait: `Promise.race` with
 * a long-lived promise keeps some 300 bytes for each race until that promise settles.
 */
export class Waiter {
  #interruption: { reason: unknown } | undefined
  #isShort = false
  /** Those of the last wait: they do nothing once it is over. */
  #resolve: (value: undefined) => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  /** Why nothing is waited for any more; undefined while waits go on. The first reason stays. */
  get interruption(): { readonly reason: unknown } | undefined {
    return this.#interruption
  }

  /** Ends the wait that is on, and every later one. */
  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#reject(this.#interruption.reason)
  }

  /** @throws the reason, when it was interrupted */
  throwIfInterrupted(): void {
    if (this.#interruption !== undefined) throw this.#interruption.reason
  }

  /** Ends the wait that is on, if it may be cut short. */
  cutShort(): void {
    if (this.#isShort) this.#resolve(undefined)
  }

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
      this.#resolve = resolve
      this.#reject = reject
      this.#isShort = isShort
      if (this.#interruption !== undefined) reject(this.#interruption.reason)
      // Waited for or not, a rejection is never left unhandled.
      work.then(resolve, reject)
    })
  }
}
