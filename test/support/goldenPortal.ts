import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { createPortal, type Portal } from '../../lib/portal/index.ts'
import { reshapingProxy } from './reshapingProxy.ts'
import { root } from './root.ts'

const leads = `${root}test/fixtures/checkpoints/leads.json`

/** The portal's time when the golden checkpoints were made; their windows end a minute before. */
export const goldenTime = Date.UTC(2026, 2, 1, 12)

/** The portal that the golden checkpoints were made from. */
export interface GoldenPortal {
  portal: Portal
  /** The origin that serves some elements that are not leads between the leads. */
  mixedOrigin: string
  /** The portal's clock, set by the test. */
  clock: { time: number }
}

/**
 * Serves the leads of the golden checkpoints, at the time when those were made. For a lead with a field `instead`,
 * `mixedOrigin` serves the value of that field.
 */
export async function goldenPortal(t: Pick<Test, 'after'>): Promise<GoldenPortal> {
  const clock = { time: goldenTime }
  const portal = await createPortal({
    leads: JSON.parse(readFileSync(leads, 'utf8')),
    now: () => clock.time,
  })
  t.after(() => portal.close())
  const mixedOrigin = await reshapingProxy(t as Test, portal.origin, (body, response) => {
    const page: object[] = JSON.parse(body.toString())
    response.setHeader('Date', new Date(clock.time).toUTCString())
    response.end(JSON.stringify(page.map(lead => ('instead' in lead ? lead.instead : lead))))
  })
  return { portal, mixedOrigin, clock }
}
