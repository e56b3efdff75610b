import { setTimeout as wait } from 'node:timers/promises'

/** Time and randomness, replaceable in tests, so that back-off can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, for dates. May be set back, or jump. */
  now(): number
  /** Milliseconds since an arbitrary moment, for durations. Never goes back. */
  monotonic(): number
  /** A number from 0 (included) to 1 (excluded). */
  random(): number
  /** Resolves after `milliseconds`; rejects with the signal's reason if the signal aborts before. */
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
