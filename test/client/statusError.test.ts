import t from 'tap'
import { statusError } from '../../lib/client/statusError.ts'

const url = 'https://api.hubapi.com/leads/v1/list?access_token=***'
const say = (status: number, excerpt: string) => statusError(status, url, excerpt, undefined)

t.test('the status decides code and whether it is worth a repetition', async t => {
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
    t.match(say(status, ''), { code, retryable, context: { status, url, excerpt: '' } }, `${status}`)
  }
})

t.test('the message says who answered what, and what that means', async t => {
  t.equal(say(500, '').message, `${url} answered 500`)
  t.equal(say(401, '').message, `the portal refused the credentials: ${url} answered 401`)
  t.equal(say(429, '').message, `too many requests: ${url} answered 429`)
  t.equal(say(302, '').message, `redirects are not followed: ${url} answered 302`)
})

t.test('of a JSON body, its message is told', async t => {
  const body =
    '{"status":"error","message":"This oauth-token is expired","correlationId":"a","requestId":"b"}'
  t.equal(
    say(401, body).message,
    `the portal refused the credentials: ${url} answered 401: This oauth-token is expired`,
  )
  t.equal(say(400, body).context.excerpt, body)
})

t.test('of an HTML page, its text is told', async t => {
  const tomcat =
    '<html><head><title>Error report</title><style><!--H1 {color:white}--></style><script>if (a < b) x()</script></head>\n<body><h1>HTTP Status 401 - </h1><HR size="1">\n\n<p><b>type</b> Status report</p></body></html>'
  t.match(say(401, tomcat).message, / answered 401: Error report HTTP Status 401 - type Status report$/)
})

t.test('any other body is told as it is, shortened', async t => {
  const cases: [excerpt: string, said: string][] = [
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
  for (const [excerpt, said] of cases) t.equal(say(500, excerpt).message, `${url} answered 500: ${said}`)
  for (const empty of ['', ' \n', '<html></html>', '<script>x']) {
    t.equal(say(500, empty).message.replace(': x', ''), `${url} answered 500`)
  }
})

t.test('what is told is one line, without commands to a terminal', async t => {
  const said = 'no\r\nsuch\u001b[31m thing\u0000'
  for (const excerpt of [said, JSON.stringify({ message: said }), `<p>${said}</p>`]) {
    t.equal(say(404, excerpt).message, `${url} answered 404: no such [31m thing`)
  }
})

t.test('a Retry-After is kept for programs', async t => {
  t.match(statusError(429, url, '', { retryAfter: 7_000 }).context, { retryAfter: 7_000 })
  t.notOk('retryAfter' in say(429, '').context)
})
