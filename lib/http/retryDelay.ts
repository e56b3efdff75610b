import type { Clock } from './Clock.ts'
import type { RetryOptions } from './transportOptions.ts'

/**
 * Milliseconds to wait after the failed attempt number `attempt` (from 1). A Retry-After decides where the
 * server gave one; else the wait doubles with each attempt, less up to half by chance, so that clients which
 * failed together do not come back together. Never more than `maxDelay`.
 */
export function retryDelay(
  attempt: number,
  retryAfter: number | undefined,
  { minDelay, maxDelay }: Required<Pick<RetryOptions, 'minDelay' | 'maxDelay'>>,
  random: Clock['random'],
): number {
  if (retryAfter !== undefined) return Math.min(retryAfter, maxDelay)
  const longest = Math.min(minDelay * 2 ** (attempt - 1), maxDelay)
  return Math.round(longest * (1 - random() / 2))
}

/**
 * A Retry-After header in milliseconds from `now`, 0 or more: seconds or an HTTP date (RFC 9110, 10.2.3).
 * Undefined when there is none, or nonsense.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Date.parse takes much more for a date than HTTP does: "1.5" is one in 2001.
  const date = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)
    ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
    : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
