import { setTimeout as wait } from 'node:timers/promises'

/** Time and chance, replaceable in tests, so that back-off is tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC: for dates. It may be set back, or jump. */
  now(): number
  /** Milliseconds since a moment of its own; it only goes forward: for how long ago something was. */
  monotonic(): number
  /** A number from 0 (included) to 1 (excluded). */
  random(): number
  /** Resolves after `milliseconds`; rejects with the signal's reason when it aborts before. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own. */
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
