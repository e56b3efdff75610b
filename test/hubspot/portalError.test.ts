import t from 'tap'
import { flagOf } from '../../lib/cli/flags.ts'
import { messageNaming } from '../../lib/errors.ts'
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

/** The error for an answer to a path. */
const errorAt = (
  path: string,
  status: number,
  body: object | string = '',
  headers: Record<string, string> = {},
  fixedToken = true,
) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const origin = 'https://api.hubapi.com'
  const answer = errorAnswerOf({ status, headers }, text, {
    ...{ url: `${origin}${path}`, now: 0 },
    redact: plain => plain,
  })
  return portalError(answer, { fixedToken, maxDelay: 60_000 })
}

t.test('portalError: statuses of HubSpot and Cloudflare are retried if they pass, and explained', async t => {
  const path = '/crm/objects/2026-09/contacts'
  const cases: [status: number, code: string, retryable: boolean, message: RegExp][] = [
    [414, 'HTTP', false, /^the URL is too long, so fewer properties must be requested at a time: http/],
    [423, 'HTTP', true, /^the portal is locked because of the number of requests: http/],
    [477, 'HTTP', true, /^the portal is being moved to another data centre: http/],
    [502, 'HTTP', true, /^https.+answered 502$/],
    [504, 'HTTP', true, /^https.+answered 504$/],
    [521, 'HTTP', true, /answered 521$/],
    [522, 'HTTP', true, /answered 522$/],
    [523, 'HTTP', true, /answered 523$/],
    [524, 'HTTP', true, /^the portal did not answer within 100 seconds: http/],
    [525, 'HTTP', true, /answered 525$/],
    [526, 'HTTP', true, /answered 526$/],
    [530, 'AUTH', true, /^the portal was not found, or the access token is malformed: http/],
  ]
  for (const [status, code, retryable, message] of cases) {
    t.match(errorAt(path, status), { code, retryable, message, context: { status } }, `${status}`)
  }
})

t.test('portalError: after a 423, a retry waits two seconds at least', async t => {
  t.match(errorAt('/x', 423).context, { retryAfter: 2_000 })
  t.match(errorAt('/x', 423, '', { 'retry-after': '1' }).context, { retryAfter: 2_000 })
  t.match(errorAt('/x', 423, '', { 'retry-after': '5' }).context, { retryAfter: 5_000 })
})

t.test('portalError: a portal that is being moved is retried only if maxDelay allows the wait', async t => {
  t.match(errorAt('/x', 477, '', { 'retry-after': '60' }), {
    retryable: true,
    context: { retryAfter: 60_000 },
  })
  for (const [seconds, words] of [
    ['61', '2 minutes'],
    ['3600', '60 minutes'],
    ['86400', '1440 minutes'],
  ] as const) {
    const error = errorAt('/x', 477, '', { 'retry-after': seconds })
    t.match(error, { retryable: false, context: { retryAfter: Number(seconds) * 1_000 } })
    t.equal(
      error.message,
      `the portal is being moved to another data centre: https://api.hubapi.com/x answered 477; try again in ${words}`,
    )
  }
})

t.test(
  'portalError: a 403 names the scopes that are missing, and the product of the leads object',
  async t => {
    const forbidden = (context: unknown) => ({
      status: 'error',
      message: "This app hasn't been granted all required scopes to make this call.",
      errors: [{ message: 'One or more of the following scopes are required.', context }],
      category: 'MISSING_SCOPES',
    })
    const scopes = ['crm.objects.contacts.read', 'crm.objects.contacts.sensitive.read']
    for (const context of [
      { requiredGranularScopes: scopes },
      { requiredScopes: scopes },
      { requiredGranularScopes: scopes, requiredScopes: [scopes[0]] },
    ]) {
      const error = errorAt('/crm/v3/objects/contacts', 403, forbidden(context))
      t.match(error, { code: 'AUTH', retryable: false })
      t.match(
        error.message,
        /make this call\. \(the token needs the scope \S+contacts\.read or \S+sensitive\.read\)$/,
      )
      t.strictSame((error.context as { requiredScopes?: unknown }).requiredScopes, scopes)
      t.notOk('requiredProduct' in error.context)
    }
    for (const path of ['/crm/objects/2026-09/leads', '/crm/v3/objects/0-136/search']) {
      const error = errorAt(path, 403, forbidden({ requiredGranularScopes: ['crm.objects.leads.read'] }))
      t.match(
        error.message,
        / \(the token needs the scope crm\.objects\.leads\.read, and the account needs Sales Hub Professional or Enterprise\)$/,
      )
      t.match(error.context, { requiredProduct: 'Sales Hub Professional or Enterprise' })
    }
    for (const body of [
      '<html>403</html>',
      forbidden(null),
      forbidden({ requiredScopes: 7 }),
      { errors: 'x' },
      { errors: [null, 7] },
      'null',
    ]) {
      const error = errorAt('/leads/v1/list', 403, body)
      t.match(error, { code: 'AUTH' })
      t.notMatch(error.message, 'needs')
      t.notOk('requiredScopes' in error.context)
    }
  },
)

t.test('portalError: without the API of 2011, the message says what reads the leads of today', async t => {
  for (const status of [404, 410]) {
    const error = errorAt('/leads/v1/list?access_token=***&max=100', status)
    t.match(error, { code: 'HTTP', retryable: false, context: { status } })
    const problem = `this portal no longer serves the Leads API of 2011: https://api.hubapi.com/leads/v1/list?access_token=***&max=100 answered ${status}`
    t.equal(error.message, `${problem}; read its contacts with contactsAsLeads(client)`)
    t.equal(messageNaming(error, flagOf), `${problem}; give --from contacts-as-leads`)
  }
  t.equal(errorAt('/leads/v1/lead/x', 404).message, 'https://api.hubapi.com/leads/v1/lead/x answered 404')
})

t.test('portalError: without an API of a dated version, the message names apiVersion', async t => {
  const error = errorAt('/crm/objects/2026-09/contacts?limit=100', 404)
  t.match(error, { code: 'HTTP', retryable: false, context: { status: 404 } })
  t.equal(
    error.message,
    'the portal may not serve this version of the API: https://api.hubapi.com/crm/objects/2026-09/contacts?limit=100 answered 404; set apiVersion to another version, such as "v3"',
  )
  t.match(errorAt('/crm/properties/2026-03/deals', 404).message, 'set apiVersion to')
  const noRecord = { category: 'OBJECT_NOT_FOUND', message: 'resource not found' }
  for (const [path, status, body] of [
    ['/crm/objects/2026-09/contacts/7', 404, noRecord],
    ['/crm/v3/objects/contacts', 404, ''],
    ['/crm/objects/2026-09/contacts', 400, ''],
  ] as const) {
    t.notMatch(errorAt(path, status, body).message, 'apiVersion', path)
  }
})

t.test('portalError: only a fixed token that has expired may be replaced by a function', async t => {
  const body = { message: 'The token expired', category: 'EXPIRED_AUTHENTICATION' }
  const begin = 'the access token has expired: https://api.hubapi.com/x answered 401: The token expired'
  t.equal(
    errorAt('/x', 401, body).message,
    `${begin}; set accessToken to a new token, or to a function that returns one`,
  )
  t.equal(errorAt('/x', 401, body, {}, false).message, begin)
  t.notMatch(errorAt('/x', 401, { message: 'no' }).message, 'accessToken')
})

t.test("portalError: Cloudflare's page for too many requests is RATE_LIMIT with any status", async t => {
  for (const status of [403, 429, 503]) {
    t.match(errorAt('/x', status, 'error code: 1015'), { code: 'RATE_LIMIT', retryable: true })
  }
  t.match(errorAt('/x', 403, 'error code: 1020'), { code: 'AUTH' })
})
