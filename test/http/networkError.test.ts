import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { bodyError } from '../../lib/http/body.ts'
import { networkError } from '../../lib/http/networkError.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'
import { selfSigned } from './fixtures/selfSigned.ts'

const origin = 'https://api.hubapi.com'
const failure = (code: string, message: string) => Object.assign(new Error(message), { code })
const once = { retry: { retries: 0 } }
const trust = '; if this certificate is to be trusted, set NODE_EXTRA_CA_CERTS to the file of its authority'

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
      [
        failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
        `self-signed certificate${trust}`,
        false,
      ],
      [
        failure('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in chain'),
        `self-signed certificate in chain${trust}`,
        false,
      ],
      [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify'), `unable to verify${trust}`, false],
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
        failure('ERR_SSL_PACKET_LENGTH_TOO_LONG', '80:error:0A0000C6:SSL routines::packet length too long:'),
        'the server does not speak TLS (is it an http:// address?)',
        false,
      ],
      [
        failure(
          'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
          '80:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../rec.c:918:SSL alert number 70\n',
        ),
        'TLS failed: tlsv1 alert protocol version',
        false,
      ],
      [
        failure(
          'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
          '80:error:0A000119:SSL routines:f:bad mac:x:1:',
        ),
        'TLS failed: bad mac',
        true,
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

t.test('a certificate of an unknown authority is explained, and not retried', async t => {
  const server = createTlsServer(selfSigned, (_request, response) => response.end('[]'))
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise(resolve => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const error = await failureOf(openClient(t, `https://127.0.0.1:${port}`).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: false, context: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
  t.ok((error as Error).message.endsWith(trust), (error as Error).message)
  t.equal(connections, 1)
})

t.test('http to a server that speaks TLS suggests https', async t => {
  const server = createTlsServer(selfSigned, (_request, response) => response.end('[]'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise(resolve => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  t.match(await failureOf(openClient(t, `http://127.0.0.1:${port}`, once).get('/x', '')), {
    code: 'NETWORK',
    message: `http://127.0.0.1:${port}: other side closed (is it an https:// address?)`,
  })
})

t.test('http to a server that answers with an alert of TLS suggests https, and is not retried', async t => {
  const { origin } = await listenRaw(t, socket => {
    socket.end(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]))
  })
  const error = await failureOf(openClient(t, origin).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: false })
  t.match((error as Error).message, /\(is it an https:\/\/ address\?\)$/)
})

t.test('a connection that closes without an answer after it has answered before gets no hint', async t => {
  let requests = 0
  const { origin } = await listenRaw(t, socket => {
    requests += 1
    if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]')
    else socket.destroy()
  })
  const client = openClient(t, origin, { ...once, concurrency: 1 })
  await (await client.get('/x', '')).body.toArray()
  t.match(await failureOf(client.get('/x', '')), { message: `${origin}: other side closed` })
})

t.test('headers of an answer that are too large are explained, and not requested again', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(200, { 'X-Large': 'x'.repeat(20_000) }).end('[]')
  })
  const error = await failureOf(openClient(t, origin).get('/x', ''))
  t.match(error, { code: 'NETWORK', retryable: false })
  t.match(
    (error as Error).message,
    /larger than Node allows; NODE_OPTIONS=--max-http-header-size=65536 allows/,
  )
  t.equal(targets.length, 1)
})
