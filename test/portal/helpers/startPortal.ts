import type { Test } from 'tap'
import { createPortal, type Portal, type PortalOptions } from '../../../lib/portal/index.ts'

/** A portal that is closed when the test ends. */
export async function startPortal(t: Test, options?: PortalOptions): Promise<Portal> {
  const portal = await createPortal(options)
  t.after(() => portal.close())
  return portal
}
