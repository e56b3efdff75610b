import t from 'tap'
import { errorAnswerOf, statusError } from '../../lib/http/refusal.ts'

const url = 'https://warehouse.example/in'

t.test('statusError: the message of a refused answer names no service', async t => {
  const cases: [status: number, code: string, retryable: boolean, message: string][] = [
    [302, 'HTTP', false, `redirects are not followed: ${url} answered 302: moved`],
    [400, 'HTTP', false, `${url} answered 400: moved`],
    [401, 'AUTH', false, `the credentials were refused: ${url} answered 401: moved`],
    [403, 'AUTH', false, `the credentials were refused: ${url} answered 403: moved`],
    [429, 'RATE_LIMIT', true, `too many requests: ${url} answered 429: moved`],
    [503, 'HTTP', true, `${url} answered 503: moved`],
  ]
  for (const [status, code, retryable, message] of cases) {
    const headers = { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }
    const error = statusError(errorAnswerOf({ status, headers }, url, 'moved', 2_000))
    t.match(error, { code, retryable, message, context: { status, url, excerpt: 'moved' } })
    t.match(error.context, { retryAfter: 7_000 })
  }
})
