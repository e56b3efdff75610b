import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { bodyError } from '../../lib/http/body.ts'
import { networkError } from '../../lib/http/networkError.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'

const origin = 'https://api.hubapi.com'
const failure = (code: string, message: string) => Object.assign(new Error(message), { code })
const once = { retry: { retries: 0 } }

t.test(
  'networkError: the message has the origin and the cause, and certificate errors are not retryable',
  async t => {
    const cases: [cause: unknown, message: string, retryable: boolean][] = [
      [
        failure('ENOTFOUND', 'getaddrinfo ENOTFOUND api.hubapi.com'),
        'getaddrinfo ENOTFOUND api.hubapi.com',
        true,
      ],
      [failure('ECONNREFUSED', 'connect ECONNREFUSED 1.2.3.4:443'), 'connect ECONNREFUSED 1.2.3.4:443', true],
      [failure('ECONNRESET', 'read ECONNRESET'), 'read ECONNRESET', true],
      [failure('UND_ERR_SOCKET', 'other side closed'), 'other side closed', true],
      [failure('EPIPE', ''), 'EPIPE', true],
      [new Error(''), 'the connection failed', true],
      ['a string', 'a string', true],
      [failure('CERT_HAS_EXPIRED', 'certificate has expired'), 'certificate has expired', false],
      [failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'self-signed certificate', false],
      [
        failure('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in chain'),
        'self-signed certificate in chain',
        false,
      ],
      [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify'), 'unable to verify', false],
      [failure('ERR_TLS_CERT_ALTNAME_INVALID', 'not in the cert'), 'not in the cert', false],
      [
        failure(
          'ERR_SSL_WRONG_VERSION_NUMBER',
          '80:error:0A00010B:SSL routines:ssl3_get_record:wrong version',
        ),
        'the server does not speak TLS (is it an http:// address?)',
        false,
      ],
      [
        new AggregateError(
          [failure('ECONNREFUSED', 'connect ECONNREFUSED ::1:80'), failure('EHOSTUNREACH', 'no')],
          '',
        ),
        'connect ECONNREFUSED ::1:80',
        true,
      ],
    ]
    for (const [cause, message, retryable] of cases) {
      const error = networkError(cause, origin)
      t.match(error, { code: 'NETWORK', message: `${origin}: ${message}`, retryable, context: { origin } })
      t.equal(error.cause, cause)
    }
  },
)

t.test('networkError: a timeout names its option', async t => {
  for (const [code, option] of [
    ['UND_ERR_CONNECT_TIMEOUT', 'timeouts.connect'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeouts.headers'],
    ['UND_ERR_BODY_TIMEOUT', 'timeouts.chunk'],
  ] as const) {
    const error = networkError(failure(code, 'Timeout'), origin)
    t.match(error, { code: 'TIMEOUT', retryable: true, context: { origin } })
    t.match(error.message, new RegExp(`^${origin}: .+ took too long \\(${option}\\)$`))
  }
})

t.test(
  'bodyError: gzip that ends early is "cut", other invalid gzip "malformed", anything else a NETWORK error',
  async t => {
    t.match(bodyError(failure('Z_BUF_ERROR', 'unexpected end of file'), origin), {
      code: 'DECODE',
      retryable: true,
      context: { problem: 'cut' },
    })
    t.match(bodyError(failure('Z_DATA_ERROR', 'incorrect header check'), origin), {
      code: 'DECODE',
      retryable: false,
      context: { problem: 'malformed' },
    })
    t.match(bodyError(failure('UND_ERR_BODY_TIMEOUT', 'Timeout'), origin), { code: 'TIMEOUT' })
    t.match(bodyError(failure('ECONNRESET', 'read ECONNRESET'), origin), { code: 'NETWORK' })
    const own = new LeadpipeError('NETWORK', 'the client was closed')
    t.equal(bodyError(own, origin), own)
  },
)

t.test('a host without a server is a NETWORK error after the usual number of attempts', async t => {
  const { server, origin: gone } = await listen(t, () => {})
  await new Promise(resolve => server.close(resolve))
  const error = await failureOf(openClient(t, gone).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: true, context: { attempts: 6, code: 'ECONNREFUSED' } })
  t.match((error as Error).message, `${gone}: connect ECONNREFUSED`)
})

t.test('https to a server that speaks http is explained, and not retried', async t => {
  const { origin } = await listen(t, (_request, response) => response.end())
  const error = await failureOf(openClient(t, origin.replace('http:', 'https:')).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: false })
  t.match((error as Error).message, /: the server does not speak TLS \(is it an http:\/\/ address\?\)$/)
})

t.test('an answer that is not HTTP is a NETWORK error', async t => {
  const { origin } = await listenRaw(t, socket => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  const error = await failureOf(openClient(t, origin, once).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: true })
  t.match((error as Error).message, /does not match the HTTP\/1\.1 protocol/)
})

t.test('an answer that breaks off in its headers is a NETWORK error', async t => {
  const { origin } = await listenRaw(t, socket => socket.end('HTTP/1.1 200 OK\r\nContent-Le'))
  t.match(await failureOf(openClient(t, origin, once).get('/x', '')), { code: 'NETWORK', retryable: true })
})
