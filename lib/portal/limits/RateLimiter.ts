import type { RateLimit } from '../PortalOptions.ts'
import { Refusal } from '../Refusal.ts'
import { RollingWindow } from './RollingWindow.ts'

interface Policy {
  /** Its name in a 429. */
  readonly name: 'DAILY' | 'TEN_SECONDLY_ROLLING' | 'SECONDLY'
  readonly window: RollingWindow
}

/** Requests with limits of their own. All of them count for the day. */
export type RateGroup = 'main' | 'search' | 'associations'

/** The names of the groups in a 429. */
const groupNames: Readonly<Record<RateGroup, string>> = {
  main: 'publicapi:private-apps',
  search: 'publicapi:crm:search',
  associations: 'publicapi:crm:associations',
}

type Headers = Record<string, string>

const second = 1_000

/** Accepts requests while no limit is exceeded. */
export class RateLimiter {
  readonly #groups: Readonly<Record<RateGroup, readonly Policy[]>>
  readonly #retryAfter: RateLimit['retryAfter']

  constructor({ daily, tenSecondly, secondly, search, associations, retryAfter }: RateLimit) {
    const day = policy('DAILY', daily, 86_400 * second)
    this.#groups = {
      main: [
        ...day,
        ...policy('TEN_SECONDLY_ROLLING', tenSecondly, 10 * second),
        ...policy('SECONDLY', secondly, second),
      ],
      search: [...day, ...policy('SECONDLY', search, second)],
      associations: [...day, ...policy('TEN_SECONDLY_ROLLING', associations, 10 * second)],
    }
    this.#retryAfter = retryAfter
  }

  /**
   * Counts a request, and returns the headers with the number of remaining requests; a search has none.
   *
   * @throws Refusal 429 when a limit is exhausted: the one that lasts longest, because until then all requests are
   * refused.
   */
  take(now: number, group: RateGroup): Headers {
    const policies = this.#groups[group]
    const [longest] = policies
      .map(({ name, window }) => ({ name, wait: window.wait(now) }))
      .toSorted((a, b) => b.wait - a.wait)
    if (longest !== undefined && longest.wait > 0) {
      throw new Refusal(429, rateLimitMessage(longest.name), {
        headers: { ...this.#headers(now, group), ...this.#retryAfterHeader(now, longest.wait) },
        fields: { ...rateLimitFields(longest.name), groupName: groupNames[group] },
      })
    }
    for (const { window } of policies) window.add(now)
    return this.#headers(now, group)
  }

  /** The daily limit, and the number of requests that it counts; undefined if there is none. */
  daily(now: number): { limit: number; used: number } | undefined {
    const window = this.#groups.main.find(({ name }) => name === 'DAILY')?.window
    return window && { limit: window.limit, used: window.limit - window.remaining(now) }
  }

  #headers(now: number, group: RateGroup): Headers {
    if (group === 'search') return {}
    return Object.assign({}, ...this.#groups[group].map(({ name, window }) => headersOf(name, window, now)))
  }

  #retryAfterHeader(now: number, wait: number): Headers {
    if (this.#retryAfter === 'none') return {}
    const rounded = (time: number): number => Math.ceil(time / second)
    if (this.#retryAfter === 'date') {
      return { 'Retry-After': new Date(rounded(now + wait) * second).toUTCString() }
    }
    return { 'Retry-After': String(rounded(wait)) }
  }
}

/** HubSpot's message for an exhausted limit. */
export const rateLimitMessage = (policy: string): string =>
  `You have reached your ${policy.toLowerCase()} limit.`

/** The fields of a 429's JSON besides its message. */
export const rateLimitFields = (policy: string): Headers => ({ errorType: 'RATE_LIMIT', policyName: policy })

function policy(name: Policy['name'], limit: number | undefined, interval: number): Policy[] {
  return limit === undefined ? [] : [{ name, window: new RollingWindow(limit, interval) }]
}

/** The headers of one limit, in HubSpot's spelling. */
function headersOf(name: Policy['name'], window: RollingWindow, now: number): Headers {
  const prefix = 'X-HubSpot-RateLimit-'
  const [limit, remaining] = [String(window.limit), String(window.remaining(now))]
  if (name === 'DAILY') return { [`${prefix}Daily`]: limit, [`${prefix}Daily-Remaining`]: remaining }
  if (name === 'SECONDLY') return { [`${prefix}Secondly`]: limit, [`${prefix}Secondly-Remaining`]: remaining }
  return {
    [`${prefix}Max`]: limit,
    [`${prefix}Remaining`]: remaining,
    [`${prefix}Interval-Milliseconds`]: String(window.interval),
  }
}
