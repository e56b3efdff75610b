import { LeadpipeError } from '../errors.ts'
import { type RefusedAnswer, statusError } from '../http/refusal.ts'
import { rateLimitPolicy } from './rateLimits.ts'

/** The error that a portal's answer stands for: AUTH, RATE_LIMIT, DAILY_LIMIT or HTTP. */
export function portalError(answer: RefusedAnswer): LeadpipeError {
  const { status, message, context } = answer
  if (status === 401 || status === 403) {
    return new LeadpipeError('AUTH', `the portal refused the credentials: ${message}`, { context })
  }
  return status === 429 ? tooMany(answer) : statusError(answer)
}

/** Trying again is no use before the next day; any other limit gives way after a while. */
function tooMany({ message, text, headers, context }: RefusedAnswer): LeadpipeError {
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
