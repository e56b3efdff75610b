/** What a 429 says about which limit was reached. */
export interface RateLimitPolicy {
  /** The portal's own name for it, such as TEN_SECONDLY_ROLLING, SECONDLY or DAILY. */
  name: string | undefined
  /** Milliseconds after which the limit lets the next one through, where the name tells. */
  wait: number | undefined
}

/** The names that portals have sent, and how long each is to be waited for. */
const waits: ReadonlyMap<string | undefined, number> = new Map([
  ['TEN_SECONDLY_ROLLING', 10_000],
  ['SECONDLY', 1_000],
])

/**
 * Which limit a 429 is about: by the `policyName` of its body, or, for the daily one, by the header
 * X-HubSpot-RateLimit-Daily-Remaining.
 */
export function rateLimitPolicy(body: string, dailyRemaining: string | undefined): RateLimitPolicy {
  const name = policyName(body) ?? (dailyRemaining?.trim() === '0' ? 'DAILY' : undefined)
  return { name, wait: waits.get(name) }
}

function policyName(body: string): string | undefined {
  try {
    const { policyName } = JSON.parse(body) as { policyName?: unknown }
    return typeof policyName === 'string' ? policyName : undefined
  } catch {
    // An HTML page, nothing, or more than was read: the limit has no name then.
    return undefined
  }
}
