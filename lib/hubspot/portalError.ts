import { LeadpipeError, reworded } from '../errors.ts'
import { type AnswerHeaders, header } from '../http/exchange.ts'
import { type ErrorAnswer, errorAnswerOf, statusError } from '../http/refusal.ts'

/** The error for a portal's answer: AUTH, RATE_LIMIT, DAILY_LIMIT or HTTP. */
export function portalError(answer: ErrorAnswer): LeadpipeError {
  const { status, message, context } = answer
  if (status === 401 || status === 403) {
    return new LeadpipeError('AUTH', `the portal refused the credentials: ${message}`, { context })
  }
  return status === 429 ? tooMany(answer) : statusError(answer)
}

/**
 * The error for the body of a success that could not be decoded. If its beginning is not that of a list, the portal, or
 * a proxy before it, has sent something else: the error then shows the answer. A page or a text, nothing at all, and
 * HubSpot's own form of an error (`{"status":"error"}`) are transient, as they would be with a 503.
 */
export function noListError(
  error: unknown,
  answer: { status: number; url: string; headers: AnswerHeaders },
  beginning: string,
  { redact, now }: { redact: (text: string) => string; now: number },
): unknown {
  const start = beginning.replace(/^[\s\ufeff]+/, '')
  if (!(error instanceof LeadpipeError) || error.code !== 'DECODE' || start.startsWith('[')) return error
  const { message, context } = errorAnswerOf(answer, start, { url: answer.url, redact, now })
  const contentType = redact(header(answer.headers, 'content-type') ?? '').slice(0, 100)
  const shown = `${error.problem}; ${message}${contentType === '' ? '' : ` (${contentType})`}`
  const isNoJson = start !== '' && !start.startsWith('{')
  const isTransient = error.retryable || isNoJson || /"status"\s*:\s*"error"/i.test(start)
  return reworded(error, shown, { retryable: isTransient, context: { ...context, contentType } })
}

/** A retry can't help with the daily limit before the next day; any other limit ends after a while. */
function tooMany({ message, text, headers, context }: ErrorAnswer): LeadpipeError {
  const { name, wait } = rateLimitPolicy(text, headers)
  if (name === 'DAILY') {
    return new LeadpipeError('DAILY_LIMIT', `the portal's daily limit is used up: ${message}`, {
      context: { ...context, policy: name },
    })
  }
  return new LeadpipeError('RATE_LIMIT', `too many requests: ${message}`, {
    retryable: true,
    context: {
      ...(wait === undefined ? {} : { retryAfter: wait }),
      ...(name === undefined ? {} : { policy: name }),
      ...context,
    },
  })
}

/** The limit that a 429 reports. */
interface RateLimitPolicy {
  /** The portal's own name for it, such as TEN_SECONDLY_ROLLING, SECONDLY or DAILY. */
  name: string | undefined
  /** Milliseconds until the limit lets the next request through, if known from the name. */
  wait: number | undefined
}

/** The names that portals have sent, and how many milliseconds to wait for each. */
const waits: ReadonlyMap<string | undefined, number> = new Map([
  ['TEN_SECONDLY_ROLLING', 10_000],
  ['SECONDLY', 1_000],
])

/**
 * The limit that a 429 reports: by the `policyName` of its body, or, for the daily limit, by the header
 * X-HubSpot-RateLimit-Daily-Remaining.
 */
function rateLimitPolicy(body: string, headers: AnswerHeaders): RateLimitPolicy {
  const isDayOver = header(headers, 'x-hubspot-ratelimit-daily-remaining')?.trim() === '0'
  const name = policyName(body) ?? (isDayOver ? 'DAILY' : undefined)
  return { name, wait: waits.get(name) }
}

function policyName(body: string): string | undefined {
  try {
    const { policyName } = JSON.parse(body) as { policyName?: unknown }
    return typeof policyName === 'string' ? policyName : undefined
  } catch {
    // The body is an HTML page, empty, or longer than what was read: the name is unknown.
    return undefined
  }
}
