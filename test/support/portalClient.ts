import type { Test } from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import type { Portal } from '../../lib/portal/index.ts'
import { openClient } from './openClient.ts'

/** A client of an embedded portal, closed when the test ends. */
export function portalClient(
  t: Test,
  { origin, accessToken }: Pick<Portal, 'origin' | 'accessToken'>,
  options?: HubSpotClientOptions,
): HubSpotClient {
  return openClient(t, origin, { accessToken, ...options })
}
