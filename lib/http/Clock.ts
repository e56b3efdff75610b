import { setTimeout as wait } from 'node:timers/promises'

/** Time and randomness. Tests replace them (`withClock`), so that they do not have to wait. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, for dates. May be set back, or jump. */
  now(): number
  /** Milliseconds since an arbitrary moment, for durations. Never goes back. */
  monotonic(): number
  /** A number from 0 (included) to 1 (excluded). */
  random(): number
  /** Resolves after `milliseconds`; rejects with the signal's reason if the signal aborts first. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  random: Math.random,
  async wait(milliseconds, signal) {
    try {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw error
    }
  },
}

const clocks = new WeakMap<object, Clock>()

/** A copy of the options of a client or an HTTP sink: what is created with the copy uses `clock`. For tests. */
export function withClock<const T extends object>(options: T, clock: Clock): T {
  const copy = { ...options }
  clocks.set(copy, clock)
  return copy
}

/** The clock that belongs to options: the system's, unless `withClock` made them. */
export function clockOf(options: object | undefined): Clock {
  return (options && clocks.get(options)) ?? systemClock
}
