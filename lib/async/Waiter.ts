/**
 * The one place where a run waits. An interruption ends every wait at once.
 *
 * A wait costs one resolver and leaves no reaction on a promise that lives longer than the wait. `Promise.race` with
 * a long-lived promise keeps about 300 bytes for each race until that promise settles.
 */
export class Waiter {
  #interruption: { reason: unknown } | undefined
  #isShort = false
  /** The resolvers of the last wait; calling them after it has ended has no effect. */
  #resolve: (value: undefined) => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  /** The reason why every wait fails; undefined while there is none. The first reason stays. */
  get interruption(): { readonly reason: unknown } | undefined {
    return this.#interruption
  }

  /** Ends the current wait, and every later one. */
  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#reject(this.#interruption.reason)
  }

  /** @throws the reason, when the waiter was interrupted */
  throwIfInterrupted(): void {
    if (this.#interruption !== undefined) throw this.#interruption.reason
  }

  /** Ends the current wait, if it may be cut short. */
  cutShort(): void {
    if (this.#isShort) this.#resolve(undefined)
  }

  /**
   * Settles as `work` does.
   *
   * @throws the reason, when the waiter was or is interrupted
   */
  until<T>(work: PromiseLike<T>): Promise<T> {
    return this.#wait(work, false) as Promise<T>
  }

  /** The same, but resolves to undefined when {@link cutShort} is called during the wait. */
  untilCutShort<T>(work: PromiseLike<T>): Promise<T | undefined> {
    return this.#wait(work, true)
  }

  #wait<T>(work: PromiseLike<T>, isShort: boolean): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#isShort = isShort
      if (this.#interruption !== undefined) reject(this.#interruption.reason)
      // A rejection is always handled, even if nobody waits any more.
      work.then(resolve, reject)
    })
  }
}
