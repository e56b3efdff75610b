import { LeadpipeError } from '../errors.ts'

/**
 * The error for an answer that is no success. The excerpt of its body may be JSON
 * (`{"status":"error","message":"…"}`), an HTML page (a 401 has been one), or nothing.
 */
export function statusError(
  status: number,
  url: string,
  excerpt: string,
  retryAfter: number | undefined,
): LeadpipeError {
  const said = whatItSays(excerpt)
  const answer = `${url} answered ${status}${said === '' ? '' : `: ${said}`}`
  const context = { status, url, excerpt, ...(retryAfter === undefined ? {} : { retryAfter }) }
  if (status === 401 || status === 403) {
    return new LeadpipeError('AUTH', `the portal refused the credentials: ${answer}`, { context })
  }
  if (status === 429) {
    return new LeadpipeError('RATE_LIMIT', `too many requests: ${answer}`, { retryable: true, context })
  }
  if (status >= 300 && status < 400) {
    return new LeadpipeError('HTTP', `redirects are not followed: ${answer}`, { context })
  }
  return new LeadpipeError('HTTP', answer, { retryable: status >= 500, context })
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
