import t from 'tap'
import { errorAnswerOf } from '../../lib/http/refusal.ts'
import { portalError } from '../../lib/hubspot/portalError.ts'

const url = 'https://api.hubapi.com/leads/v1/list?access_token=***'
const settings = { fixedToken: true, maxDelay: 60_000 }
const errorOf = (status: number, text: string, headers: Record<string, string> = {}) =>
  portalError(errorAnswerOf({ status, headers }, text, { url, now: 0, redact: plain => plain }), settings)

t.test('portalError: the status decides the code and whether it is retryable', async t => {
  const cases: [status: number, code: string, retryable: boolean][] = [
    [300, 'HTTP', false],
    [302, 'HTTP', false],
    [400, 'HTTP', false],
    [401, 'AUTH', false],
    [403, 'AUTH', false],
    [404, 'HTTP', false],
    [413, 'HTTP', false],
    [429, 'RATE_LIMIT', true],
    [500, 'HTTP', true],
    [502, 'HTTP', true],
    [503, 'HTTP', true],
    [504, 'HTTP', true],
  ]
  for (const [status, code, retryable] of cases) {
    t.match(errorOf(status, ''), { code, retryable, context: { status, url, excerpt: '' } }, `${status}`)
  }
})

t.test('portalError: the message has the URL, the status and its meaning', async t => {
  t.equal(errorOf(500, '').message, `${url} answered 500`)
  t.equal(errorOf(401, '').message, `the portal refused the credentials: ${url} answered 401`)
  t.equal(errorOf(429, '').message, `too many requests: ${url} answered 429`)
  t.equal(errorOf(302, '').message, `redirects are not followed: ${url} answered 302`)
})

t.test(
  'portalError: "JSON error bodies", with errors[] and category or without: the message has their message',
  async t => {
    const body =
      '{"status":"error","message":"This oauth-token is expired","correlationId":"a","requestId":"b"}'
    t.equal(
      errorOf(401, body).message,
      `the portal refused the credentials: ${url} answered 401: This oauth-token is expired`,
    )
    t.match(errorOf(400, body).context, { excerpt: body })
    const later = JSON.stringify({
      status: 'error',
      message: 'Invalid sort',
      errors: [{ message: 'no such property', in: 'sort' }],
      category: 'VALIDATION_ERROR',
    })
    t.equal(errorOf(400, later).message, `${url} answered 400: Invalid sort`)
  },
)

t.test(
  'portalError: "an error body that is an HTML page (a 401 was a Tomcat page)": the message has its text',
  async t => {
    const tomcat =
      '<html><head><title>Error report</title><style><!--H1 {color:white}--></style><script>if (a < b) x()</script></head>\n<body><h1>HTTP Status 401 - </h1><HR size="1">\n\n<p><b>type</b> Status report</p></body></html>'
    t.match(errorOf(401, tomcat).message, / answered 401: Error report HTTP Status 401 - type Status report$/)
  },
)

t.test('portalError: any other body is in the message, shortened', async t => {
  const cases: [excerpt: string, shown: string][] = [
    ['Bad Gateway\n', 'Bad Gateway'],
    ['null', 'null'],
    ['7', '7'],
    ['"text"', '"text"'],
    ['{"message":7}', '{"message":7}'],
    ['{"error":"x"}', '{"error":"x"}'],
    ['{"message":"cut o', '{"message":"cut o'],
    ['[]', '[]'],
    ['a \t\r\n b', 'a b'],
    ['x'.repeat(300), `${'x'.repeat(200)}…`],
  ]
  for (const [excerpt, shown] of cases)
    t.equal(errorOf(500, excerpt).message, `${url} answered 500: ${shown}`)
  for (const empty of ['', ' \n', '<html></html>', '<script>x']) {
    t.equal(errorOf(500, empty).message.replace(': x', ''), `${url} answered 500`)
  }
})

t.test('portalError: the message is one line, without control characters', async t => {
  const message = 'no\r\nsuch\u001b[31m thing\u0000'
  for (const excerpt of [message, JSON.stringify({ message: message }), `<p>${message}</p>`]) {
    t.equal(errorOf(400, excerpt).message, `${url} answered 400: no such [31m thing`)
  }
})

t.test(
  'portalError: "bodies carry policyName": the policy is in the context, and DAILY has its own code',
  async t => {
    const body = (policyName: unknown) => JSON.stringify({ message: 'Slow down', policyName })
    for (const [policyName, wait] of [
      ['TEN_SECONDLY_ROLLING', 10_000],
      ['SECONDLY', 1_000],
    ] as const) {
      const error = errorOf(429, body(policyName))
      t.match(error, {
        code: 'RATE_LIMIT',
        retryable: true,
        context: { policy: policyName, retryAfter: wait },
      })
      t.equal(error.message, `too many requests: ${url} answered 429: Slow down`)
      const withHeader = errorOf(429, body(policyName), { 'retry-after': '7' })
      t.match(withHeader.context, { policy: policyName, retryAfter: 7_000 }, 'Retry-After takes precedence')
    }
    const daily = errorOf(429, body('DAILY'))
    t.match(daily, { code: 'DAILY_LIMIT', retryable: false, context: { policy: 'DAILY', status: 429 } })
    t.equal(daily.message, `the portal's daily limit is used up: ${url} answered 429: Slow down`)
    for (const policyName of [7, null, ['DAILY'], { DAILY: 1 }]) {
      const error = errorOf(429, body(policyName))
      t.match(error, { code: 'RATE_LIMIT' })
      t.strictSame(Object.keys(error.context), ['status', 'url', 'excerpt'])
    }
    t.match(errorOf(429, body('MONTHLY')).context, { policy: 'MONTHLY' })
    t.notOk('retryAfter' in errorOf(429, body('MONTHLY')).context)
  },
)

t.test('portalError: "-Daily-Remaining": 0 in a 429 is the daily limit, and in no other status', async t => {
  const remaining = (status: number, dailyRemaining: string) =>
    errorOf(status, '<html>no</html>', { 'x-hubspot-ratelimit-daily-remaining': dailyRemaining })
  t.match(remaining(429, '0'), { code: 'DAILY_LIMIT', retryable: false })
  t.match(remaining(429, ' 0\t'), { code: 'DAILY_LIMIT' })
  for (const other of ['', '1', '40000', '-0', '0.5', 'unlimited']) {
    t.match(remaining(429, other), { code: 'RATE_LIMIT', retryable: true }, other)
  }
  t.match(remaining(503, '0'), { code: 'HTTP', retryable: true })
  t.match(remaining(401, '0'), { code: 'AUTH' })
  const daily = { message: 'x', policyName: 'DAILY' }
  t.match(errorOf(503, JSON.stringify(daily)), { code: 'HTTP', retryable: true })
})

t.test('portalError: Retry-After is in the context', async t => {
  t.match(errorOf(429, '', { 'retry-after': '7' }).context, { retryAfter: 7_000 })
  t.notOk('retryAfter' in errorOf(429, '').context)
})
