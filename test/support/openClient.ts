import type { Test } from 'tap'
import type { Clock } from '../../lib/http/Clock.ts'
import { LeadsClient } from '../../lib/hubspot/LeadsClient.ts'
import type { LeadsClientOptions } from '../../lib/hubspot/options.ts'
import { FakeClock } from './FakeClock.ts'

/** A client of `origin` that is closed when the test ends; its back-off waits for nobody. */
export function openClient(
  t: Test,
  origin: string,
  options: LeadsClientOptions = {},
  clock: Clock = new FakeClock(),
): LeadsClient {
  const token = options.apiKey === undefined ? { accessToken: 'a-token' } : {}
  const client = new LeadsClient({ origin, rateLimit: 'none', ...token, ...options }, clock)
  t.after(() => client.close())
  return client
}
