import type { Clock } from '../../lib/http/Clock.ts'

/** A clock for many retries: every wait ends at once, and no waits are recorded. */
export const instantClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  random: () => 0,
  wait: async () => {},
}
