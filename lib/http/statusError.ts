import { type ErrorContext, LeadpipeError } from '../errors.ts'
import { type RateLimitPolicy, rateLimitPolicy } from './rateLimitPolicy.ts'

/** What an answer's headers say about when to come back. */
export interface Hints {
  /** Milliseconds, from Retry-After. */
  retryAfter?: number | undefined
  /** X-HubSpot-RateLimit-Daily-Remaining as it is. */
  dailyRemaining?: string | undefined
  /** More of the body than the excerpt, for the name of the limit. */
  text?: string | undefined
}

/**
 * The error for an answer that is no success. The excerpt of its body may be JSON
 * (`{"status":"error","message":"…"}`), an HTML page (a 401 has been one), or nothing.
 */
export function statusError(
  status: number,
  url: string,
  excerpt: string,
  { retryAfter, dailyRemaining, text = excerpt }: Hints = {},
): LeadpipeError {
  const said = whatItSays(excerpt)
  const answer = `${url} answered ${status}${said === '' ? '' : `: ${said}`}`
  const context: ErrorContext = { status, url, excerpt, ...(retryAfter === undefined ? {} : { retryAfter }) }
  if (status === 401 || status === 403) {
    return new LeadpipeError('AUTH', `the portal refused the credentials: ${answer}`, { context })
  }
  if (status === 429) return tooMany(answer, context, rateLimitPolicy(text, dailyRemaining))
  if (status >= 300 && status < 400) {
    return new LeadpipeError('HTTP', `redirects are not followed: ${answer}`, { context })
  }
  return new LeadpipeError('HTTP', answer, { retryable: status >= 500, context })
}

/** Trying again is no use before the next day; any other limit gives way after a while. */
function tooMany(answer: string, context: ErrorContext, { name, wait }: RateLimitPolicy): LeadpipeError {
  if (name === 'DAILY') {
    const message = `the portal's daily limit is used up: ${answer}`
    return new LeadpipeError('DAILY_LIMIT', message, { context: { ...context, policy: name } })
  }
  return new LeadpipeError('RATE_LIMIT', `too many requests: ${answer}`, {
    retryable: true,
    context: {
      ...(wait === undefined ? {} : { retryAfter: wait }),
      ...(name === undefined ? {} : { policy: name }),
      ...context,
    },
  })
}

function whatItSays(excerpt: string): string {
  try {
    const { message } = JSON.parse(excerpt) as { message?: unknown }
    if (typeof message === 'string') return onOneLine(message)
  } catch {
    // Not JSON, or cut by the limit of the excerpt: the text itself says something.
  }
  const text = onOneLine(excerpt.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Without what would break a log line, or command a terminal. */
function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
