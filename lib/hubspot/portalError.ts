import type { Remedy } from '../errors/ErrorContexts.ts'
import { LeadpipeError, reworded } from '../errors.ts'
import { type AnswerHeaders, header } from '../http/exchange.ts'
import { type ErrorAnswer, errorAnswerOf, statusError } from '../http/refusal.ts'
import { errorBody, limitNamed, policyOf } from './rateLimits.ts'

/** What an error depends on besides the answer. */
export interface ErrorSettings {
  /** Whether the access token is fixed: then it may be replaced by a function. */
  fixedToken: boolean
  /** Milliseconds that a request waits at most for a retry. */
  maxDelay: number
}

/** The error for a portal's answer: AUTH, RATE_LIMIT, DAILY_LIMIT or HTTP. */
export function portalError(answer: ErrorAnswer, settings: ErrorSettings): LeadpipeError {
  const { status, text } = answer
  // Cloudflare's page for an address that sends too many requests.
  if (status === 429 || /^\s*error code: 1015\b/.test(text)) return tooMany(answer)
  if (status === 401) return unauthorized(answer, settings)
  if (status === 403) return forbidden(answer)
  if (status === 404 || status === 410) return notFound(answer)
  if (status === 477) return moving(answer, settings)
  return otherStatus(answer)
}

function unauthorized({ message, text, context }: ErrorAnswer, { fixedToken }: ErrorSettings): LeadpipeError {
  const isExpired = errorBody(text).category === 'EXPIRED_AUTHENTICATION'
  const problem = isExpired ? 'the access token has expired' : 'the portal refused the credentials'
  const remedy: Remedy = {
    owner: 'HubSpotClient',
    option: 'accessToken',
    to: 'a new token',
    inCode: 'set accessToken to a new token, or to a function that returns one',
  }
  return new LeadpipeError('AUTH', `${problem}: ${message}`, {
    context: { ...context, ...(isExpired && fixedToken ? { remedy } : {}) },
  })
}

/** A token without a scope, or an account without the product that the request needs. */
function forbidden({ message, text, context }: ErrorAnswer): LeadpipeError {
  const requiredScopes = scopesIn(errorBody(text).errors)
  const isLeadsObject = /\/crm\/.*\/(leads|0-136)(\/|$)/.test(pathOf(context.url))
  const requiredProduct = isLeadsObject ? 'Sales Hub Professional or Enterprise' : undefined
  const missing = [
    ...(requiredScopes.length === 0 ? [] : [`the token needs the scope ${requiredScopes.join(' or ')}`]),
    ...(requiredProduct === undefined ? [] : [`the account needs ${requiredProduct}`]),
  ]
  const needs = missing.length === 0 ? '' : ` (${missing.join(', and ')})`
  return new LeadpipeError('AUTH', `the portal refused the credentials: ${message}${needs}`, {
    context: {
      ...context,
      ...(requiredScopes.length === 0 ? {} : { requiredScopes }),
      ...(requiredProduct === undefined ? {} : { requiredProduct }),
    },
  })
}

/** The scopes that the errors of a 403 name. */
function scopesIn(errors: unknown): string[] {
  const all = (Array.isArray(errors) ? errors : []).flatMap(error => {
    const { requiredGranularScopes = [], requiredScopes = [] } = error?.context ?? {}
    return [requiredGranularScopes, requiredScopes].flat()
  })
  return [...new Set(all.filter(scope => typeof scope === 'string'))]
}

/** An API that the portal does not serve, or nothing at this path. */
function notFound(answer: ErrorAnswer): LeadpipeError {
  const { message, text, context } = answer
  const path = pathOf(context.url)
  if (path === '/leads/v1/list') {
    const remedy: Remedy = {
      owner: 'export',
      option: 'from',
      to: 'contacts-as-leads',
      inCode: 'read its contacts with contactsAsLeads(client)',
    }
    return new LeadpipeError('HTTP', `this portal no longer serves the Leads API of 2011: ${message}`, {
      context: { ...context, remedy },
    })
  }
  const isMissingRecord = errorBody(text).category === 'OBJECT_NOT_FOUND'
  if (/^\/crm\/\w+\/\d{4}-\d\d/.test(path) && !isMissingRecord) {
    const remedy: Remedy = {
      owner: 'HubSpotClient',
      option: 'apiVersion',
      to: 'another version, such as "v3"',
    }
    return new LeadpipeError('HTTP', `the portal may not serve this version of the API: ${message}`, {
      context: { ...context, remedy },
    })
  }
  return statusError(answer)
}

/** The portal is being moved between data centres, which may take a day: waiting that long would look like a hang. */
function moving({ message, context }: ErrorAnswer, { maxDelay }: ErrorSettings): LeadpipeError {
  const { retryAfter = 0 } = context
  const minutes = Math.ceil(retryAfter / 60_000)
  const end = retryAfter > maxDelay ? `; try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}` : ''
  return new LeadpipeError('HTTP', `the portal is being moved to another data centre: ${message}${end}`, {
    retryable: retryAfter <= maxDelay,
    context,
  })
}

/** Milliseconds that a portal needs at least after a 423. */
const lockedFor = 2_000

/** What a status of HubSpot means that others do not use, or do not explain. */
const meanings: Readonly<Record<number, string>> = {
  414: 'the URL is too long, so fewer properties must be requested at a time',
  423: 'the portal is locked because of the number of requests',
  524: 'the portal did not answer within 100 seconds',
  530: 'the portal was not found, or the access token is malformed',
}

function otherStatus(answer: ErrorAnswer): LeadpipeError {
  const { status, message, context } = answer
  const meaning = meanings[status]
  if (meaning === undefined) return statusError(answer)
  const problem = `${meaning}: ${message}`
  if (status === 530) return new LeadpipeError('AUTH', problem, { retryable: true, context })
  if (status !== 423) return new LeadpipeError('HTTP', problem, { retryable: status >= 500, context })
  const retryAfter = Math.max(context.retryAfter ?? 0, lockedFor)
  return new LeadpipeError('HTTP', problem, { retryable: true, context: { ...context, retryAfter } })
}

const pathOf = (url: string) => (URL.canParse(url) ? new URL(url).pathname : '')

/**
 * The error for the body of a success that could not be decoded. If its beginning is not that of a list, the portal, or
 * a proxy before it, has sent something else: the error then shows the answer. A page or a text, nothing at all, and
 * HubSpot's own form of an error (`{"status":"error"}`) are transient, as they would be with a 503.
 */
export function noListError(
  error: unknown,
  answer: { status: number; url: string; headers: AnswerHeaders },
  beginning: string,
  { redact, now, elements }: { redact: (text: string) => string; now: number; elements: readonly string[] },
): unknown {
  const start = beginning.replace(/^[\s\ufeff]+/, '')
  const isList = elements.length === 0 ? start.startsWith('[') : isListIn(start, elements)
  if (!(error instanceof LeadpipeError) || error.code !== 'DECODE' || isList) return error
  const { message, context } = errorAnswerOf(answer, start, { url: answer.url, redact, now })
  const contentType = redact(header(answer.headers, 'content-type') ?? '').slice(0, 100)
  const shown = `${error.problem}; ${message}${contentType === '' ? '' : ` (${contentType})`}`
  const isNoJson = start !== '' && !/^[[{]/.test(start)
  const isTransient = error.retryable || isNoJson || /"status"\s*:\s*"error"/i.test(start)
  return reworded(error, shown, { retryable: isTransient, context: { ...context, contentType } })
}

/**
 * Parses the body of a small success.
 *
 * @throws {LeadpipeError} DECODE if it is not JSON, or HubSpot's own form of an error; transient as in `noListError`
 */
export function parseAnswer(
  text: string,
  answer: { status: number; url: string; headers: AnswerHeaders },
  { redact, now }: { redact: (text: string) => string; now: number },
): unknown {
  const isError = /^error$/i.test(String(errorBody(text).status))
  try {
    if (!isError) return JSON.parse(text)
  } catch {
    // The message of the parser may repeat secrets; that of the answer has none.
  }
  const { message, context } = errorAnswerOf(answer, text, { url: answer.url, redact, now })
  const shown = text.trim() === '' ? `${message} and nothing` : message
  throw new LeadpipeError('DECODE', `expected JSON, but ${shown}`, {
    retryable: isError || !/^\s*[[{]/.test(text),
    context: { ...context, problem: 'malformed' },
  })
}

/** Whether a text is the beginning of an object that has an array at the path `elements`. */
function isListIn(start: string, elements: readonly string[]): boolean {
  return start.startsWith('{') && elements.every(key => start.includes(JSON.stringify(key)))
}

/** A retry can't help with the daily limit before the next day; any other limit ends after a while. */
function tooMany({ message, text, headers, context }: ErrorAnswer): LeadpipeError {
  const policy = policyOf(text, headers)
  const limit = limitNamed(policy)
  if (limit === 'DAILY') {
    return new LeadpipeError('DAILY_LIMIT', `the portal's daily limit is used up: ${message}`, {
      context: { ...context, policy: limit },
    })
  }
  return new LeadpipeError('RATE_LIMIT', `too many requests: ${message}`, {
    retryable: true,
    context: {
      ...(limit === undefined ? {} : { retryAfter: intervals[limit] }),
      ...(policy === undefined ? {} : { policy }),
      ...context,
    },
  })
}

/** Milliseconds until a limit certainly lets the next request through. */
const intervals = { TEN_SECONDLY_ROLLING: 10_000, SECONDLY: 1_000 } as const
