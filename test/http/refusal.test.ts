import t from 'tap'
import { errorAnswerOf, statusError } from '../../lib/http/refusal.ts'

const url = 'https://warehouse.example/in'
const redact = (text: string) => text.replaceAll('s3cret', '***')
const at = { url, redact, now: 2_000 }

t.test('statusError: the message of a refused answer names no service', async t => {
  const cases: [status: number, code: string, retryable: boolean, message: string][] = [
    [302, 'HTTP', false, `redirects are not followed: ${url} answered 302: moved`],
    [304, 'HTTP', false, `${url} answered 304: moved`],
    [400, 'HTTP', false, `${url} answered 400: moved`],
    [401, 'AUTH', false, `the credentials were refused: ${url} answered 401: moved`],
    [403, 'AUTH', false, `the credentials were refused: ${url} answered 403: moved`],
    [429, 'RATE_LIMIT', true, `too many requests: ${url} answered 429: moved`],
    [503, 'HTTP', true, `${url} answered 503: moved`],
  ]
  for (const [status, code, retryable, message] of cases) {
    const headers = { 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }
    const error = statusError(errorAnswerOf({ status, headers }, 'moved', at))
    t.match(error, { code, retryable, message, context: { status, url, excerpt: 'moved' } })
    t.match(error.context, { retryAfter: 7_000 })
  }
})

t.test('statusError: a redirect names where it leads to, without secrets', async t => {
  const cases: [location: string | undefined, shown: string | undefined][] = [
    ['https://new.example:8443/list?access_token=s3cret&x=1#part', 'https://new.example:8443/list'],
    ['https://user:pass@new.example/list', 'https://new.example/list'],
    ['/other', 'https://warehouse.example/other'],
    ['//cdn.example', 'https://cdn.example/'],
    ['/s3cret/in', 'https://warehouse.example/***/in'],
    ['?page=2', 'https://warehouse.example/in'],
    ['ftp://old.example/x', 'ftp://old.example/x'],
    ['http://', undefined],
    [undefined, undefined],
  ]
  for (const status of [300, 301, 302, 303, 305, 307, 308]) {
    for (const [location, shown] of cases) {
      const error = statusError(errorAnswerOf({ status, headers: { location } }, '', at))
      const where = shown === undefined ? '' : ` with the location ${shown}`
      t.equal(error.message, `redirects are not followed: ${url} answered ${status}${where}`)
      t.equal((error.context as { location?: string }).location, shown)
      t.equal(error.retryable, false)
    }
  }
})

t.test(
  "errorAnswerOf: a date in Retry-After is read by the server's clock, if the answer has a Date",
  async t => {
    const retryAfter = 'Wed, 21 Oct 2026 07:28:09 GMT'
    const now = Date.UTC(2026, 9, 21, 7, 28, 4)
    const cases: [date: string | undefined, age: string | undefined, milliseconds: number][] = [
      ['Wed, 21 Oct 2026 07:28:00 GMT', undefined, 9_000],
      ['Wed, 21 Oct 2026 07:28:00 GMT', '2', 7_000],
      ['Wed, 21 Oct 2026 09:00:00 GMT', undefined, 0],
      ['nonsense', undefined, 5_000],
      [undefined, undefined, 5_000],
    ]
    for (const [date, age, milliseconds] of cases) {
      const headers = { date, age, 'retry-after': retryAfter }
      const { context } = errorAnswerOf({ status: 503, headers }, '', { ...at, now })
      t.equal(context.retryAfter, milliseconds)
    }
  },
)
