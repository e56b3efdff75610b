import type { Test } from 'tap'
import { type Clock, withClock } from '../../lib/http/Clock.ts'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import { FakeClock } from './FakeClock.ts'

/** A client of `origin` that is closed when the test ends; by default its waits end at once. */
export function openClient(
  t: Test,
  origin: string,
  options: HubSpotClientOptions = {},
  clock: Clock = new FakeClock(),
): HubSpotClient {
  const token = options.apiKey === undefined ? { accessToken: 'a-token' } : {}
  const client = new HubSpotClient(withClock({ origin, rateLimit: 'none', ...token, ...options }, clock))
  t.after(() => client.close())
  return client
}
