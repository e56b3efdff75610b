import type { Clock } from '../../lib/http/Clock.ts'

/** A clock for many retries: every wait is over at once, and nothing is kept of it. */
export const impatientClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  random: () => 0,
  wait: async () => {},
}
