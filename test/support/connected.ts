import { Client } from '@hubspot/api-client'
import type { Test } from 'tap'
import type { Portal, PortalOptions } from '../../lib/portal/index.ts'
import { startPortal } from '../portal/helpers/startPortal.ts'

/** A portal, and HubSpot's own client of it. */
export async function connected(
  t: Test,
  options: PortalOptions,
): Promise<{ portal: Portal; client: Client }> {
  const portal = await startPortal(t, { rateLimit: { search: 1_000 }, ...options })
  const client = new Client({
    basePath: portal.origin,
    accessToken: portal.accessToken,
    limiterOptions: { minTime: 0 },
  })
  return { portal, client }
}
