/** A promise with the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T | PromiseLike<T>): void
  reject(reason: unknown): void
}

/** `Promise.withResolvers()`, which Node 20 lacks. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve']
  let reject!: Deferred<T>['reject']
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

/** Lets any number of callers wait until a condition holds. The code that changes the condition calls `notify`. */
export class Condition {
  #waiting: (() => void)[] = []

  /** Resolves when `holds` returns true: it is called now, and after each `notify`. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    }
  }

  /** Makes the waiting callers check again. */
  notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** Milliseconds that each step of an early end may take: saving, writing what waits, and a user's own code. */
export const patience = 10_000

/**
 * Resolves when `work` settles, or after the given milliseconds.
 *
 * @returns whether it settled in time
 */
export function within(milliseconds: number, work: PromiseLike<unknown>): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds, false)
    const settle = () => {
      clearTimeout(timer)
      resolve(true)
    }
    work.then(settle, settle)
  })
}

/** Whether a value is a promise, of any library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Ends a user's iterator. That is not awaited, because the iterator may wait for a value that never arrives; and its
 * failure is ignored.
 */
export function endIterator(iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined): void {
  const ending = async () => iterator?.return?.()
  ending().catch(() => {})
}
