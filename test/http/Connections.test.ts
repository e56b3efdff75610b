import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { forwardProxy } from '../support/forwardProxy.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'
import { receive } from '../support/receive.ts'
import { turns } from '../support/turns.ts'

const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

/** Sets the proxy variables of the environment until the test ends. */
function setProxies(t: Test, values: Record<string, string | undefined>): void {
  const before = Object.fromEntries(names.map(name => [name, process.env[name]]))
  const set = (to: Record<string, string | undefined>) => {
    for (const name of names) {
      const value = to[name]
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  set(values)
  t.after(() => set(before))
}

const noRetries = { retry: { retries: 0 } }

t.test('Connections: requests go through the proxy of HTTP_PROXY or http_proxy', async t => {
  const { origin } = await listen(t, (request, response) => response.end(request.headers.host))
  for (const name of ['HTTP_PROXY', 'http_proxy']) {
    const proxy = await forwardProxy(t)
    setProxies(t, { [name]: proxy.origin })
    const client = openClient(t, origin)
    for (const path of ['/a', '/b']) {
      t.equal(`http://${await textOf((await client.get(path, 'max=1')).body)}`, origin)
    }
    t.strictSame(proxy.lines, [`GET ${origin}/a`, `GET ${origin}/b`], name)
  }
})

t.test('Connections: a proxy without a scheme is an http proxy', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const proxy = await forwardProxy(t)
  setProxies(t, { http_proxy: proxy.origin.slice('http://'.length) })
  t.equal(await textOf((await openClient(t, origin).get('/x', '')).body), '[]')
  t.strictSame(proxy.lines, [`GET ${origin}/x`])
})

t.test('Connections: NO_PROXY exempts hosts, and an empty http_proxy disables the proxy', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const proxy = await forwardProxy(t)
  const { port } = new URL(origin)
  for (const values of [
    { HTTP_PROXY: proxy.origin, NO_PROXY: '127.0.0.1' },
    { HTTP_PROXY: proxy.origin, NO_PROXY: `example.com, 127.0.0.1:${port}` },
    { HTTP_PROXY: proxy.origin, no_proxy: '*' },
    { HTTP_PROXY: proxy.origin, http_proxy: '' },
    { HTTPS_PROXY: proxy.origin },
  ]) {
    setProxies(t, values)
    t.equal(await textOf((await openClient(t, origin).get('/x', '')).body), '[]', inspect(values))
  }
  t.strictSame(proxy.lines, [])
  setProxies(t, { HTTP_PROXY: proxy.origin, NO_PROXY: 'example.com,127.0.0.1:1' })
  await textOf((await openClient(t, origin).get('/x', '')).body)
  t.equal(proxy.lines.length, 1)
})

t.test(
  'Connections: an https origin is reached by CONNECT, which shows the proxy only host and port',
  async t => {
    const { port } = await listenRaw(t, socket => socket.end('no TLS here\r\n\r\n'))
    const origin = `https://127.0.0.1:${port}`
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY']) {
      const proxy = await forwardProxy(t)
      setProxies(t, { [name]: proxy.origin })
      t.match(await failureOf(openClient(t, origin, noRetries).get('/x', '')), {
        code: 'NETWORK',
        message: `${origin}: the server does not speak TLS (is it an http:// address?) (through the proxy ${proxy.origin})`,
      })
      t.strictSame(proxy.lines, [`CONNECT 127.0.0.1:${port}`], name)
    }
  },
)

t.test('toHttp sends its batches through the proxy', async t => {
  const { origin, arrivals } = await receive(t)
  const proxy = await forwardProxy(t)
  setProxies(t, { HTTP_PROXY: proxy.origin })
  await pipeline(Readable.from([{ n: 1 }, { n: 2 }]), toHttp(`${origin}/in`))
  t.strictSame(
    arrivals.map(({ text }) => text),
    ['{"n":1}\n{"n":2}\n'],
  )
  t.strictSame(proxy.lines, [`POST ${origin}/in`])
})

const user = 'someone'
const password = 'p/4ss w0rd'
const trace = /someone|p(\/|%2f)4ss|c29tZW9uZT/i

/** The URL of a proxy, with credentials. */
function withCredentials(origin: string): string {
  const url = new URL(origin)
  url.username = user
  url.password = encodeURIComponent(password)
  return url.href
}

t.test('Connections: the credentials in the URL of a proxy are sent to it', async t => {
  const { origin } = await listen(t, (request, response) => {
    response.end(String(request.headers['proxy-authorization']))
  })
  const proxy = await forwardProxy(t)
  setProxies(t, { HTTP_PROXY: withCredentials(proxy.origin) })
  await textOf((await openClient(t, origin).get('/x', '')).body)
  t.strictSame(proxy.credentials, [`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`])
})

t.test('Connections: a name or a password alone, and a lone "%" in them, are sent to the proxy', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const proxy = await forwardProxy(t)
  const cases = [
    ['user', 'user:'],
    ['user:', 'user:'],
    [':pw', ':pw'],
    ['u%40x:p%3aw', 'u@x:p:w'],
    ['user:100%', 'user:100%'],
    ['us%zz:pw', 'us%zz:pw'],
    ['%C3%A9:%E9', 'é:%E9'],
  ] as const
  for (const [given] of cases) {
    setProxies(t, { HTTP_PROXY: proxy.origin.replace('//', `//${given}@`) })
    await textOf((await openClient(t, origin).get('/x', '')).body)
    await failureOf(openClient(t, 'https://127.0.0.1:1', noRetries).get('/x', ''))
  }
  t.strictSame(
    proxy.credentials,
    cases.flatMap(([, sent]) => Array(2).fill(`Basic ${Buffer.from(sent).toString('base64')}`)),
  )
})

t.test('Connections: an unreachable proxy is named in the error, without its credentials', async t => {
  const proxy = 'http://127.0.0.1:1'
  setProxies(t, { HTTP_PROXY: withCredentials(proxy) })
  for (const origin of ['http://127.0.0.1:2', 'https://127.0.0.1:2']) {
    const client = openClient(t, origin, noRetries)
    const error = await failureOf(client.get('/x', ''))
    t.match(error, {
      code: 'NETWORK',
      retryable: true,
      message: `${origin}: connect ECONNREFUSED 127.0.0.1:1 (through the proxy ${proxy})`,
    })
    t.notMatch(inspect([error, client], { depth: 20, showHidden: true }), trace)
  }
})

t.test(
  'Connections: a proxy that refuses its credentials is not retried, and the error does not show them',
  async t => {
    for (const scheme of ['http', 'https']) {
      const proxy = await forwardProxy(t, 407)
      setProxies(t, { HTTP_PROXY: withCredentials(proxy.origin) })
      const origin = `${scheme}://127.0.0.1:2`
      const error = await failureOf(openClient(t, origin).get('/x', ''))
      t.match(error, {
        code: 'NETWORK',
        retryable: false,
        message: `${origin}: the credentials in the URL of the proxy were refused (407) (through the proxy ${proxy.origin})`,
      })
      t.notMatch(inspect(error, { depth: 20, showHidden: true }), trace)
      t.equal(proxy.lines.length, 1)
    }
  },
)

t.test(
  'Connections: a proxy variable that is not an http or https URL is an OPTION error of the environment',
  async t => {
    for (const [value, shown] of [
      [`http://${user}:p/4ss@`, '"…"'],
      ['socks5://127.0.0.1:1080', '"socks5://127.0.0.1:1080"'],
    ] as const) {
      setProxies(t, { https_proxy: value, http_proxy: 'http://127.0.0.1:1' })
      const error = await failureOf(() => openClient(t, 'https://127.0.0.1:2'))
      t.match(error, {
        code: 'OPTION',
        message: `process.env: HTTPS_PROXY: expected the http or https URL of a proxy, for example "http://proxy.example:3128", received ${shown}`,
      })
      t.notMatch(inspect(error, { depth: 20, showHidden: true }), trace)
      openClient(t, 'http://127.0.0.1:2')
    }
  },
)

t.test('Connections: concurrency limits the connections through a proxy', async t => {
  const ends: (() => void)[] = []
  const { origin } = await listen(t, (_request, response) => {
    response.write('[')
    ends.push(() => response.end(']'))
  })
  const proxy = await forwardProxy(t)
  setProxies(t, { HTTP_PROXY: proxy.origin })
  const client = openClient(t, origin, { concurrency: 2 })
  // A body that has not ended holds its connection, but no slot of the client.
  const answers = await Promise.all([client.get('/a', ''), client.get('/b', '')])
  const third = client.get('/c', '')
  await turns(100)
  t.strictSame([proxy.lines.length, proxy.open.size], [2, 2])
  for (const end of ends) end()
  for (const { body } of answers) t.equal(await textOf(body), '[]')
  const { body } = await third
  ends.at(-1)?.()
  t.equal(await textOf(body), '[]')
  t.strictSame([proxy.lines.length, proxy.open.size], [3, 2])
})

t.test('Connections: a proxy that closes every connection to an https origin is a NETWORK error', async t => {
  let requests = 0
  const proxy = await listenRaw(t, socket => {
    requests += 1
    socket.destroy()
  })
  setProxies(t, { HTTPS_PROXY: proxy.origin })
  const origin = 'https://127.0.0.1:2'
  t.match(await failureOf(openClient(t, origin, { retry: { retries: 2 } }).get('/x', '')), {
    code: 'NETWORK',
    retryable: true,
    message: `${origin}: other side closed (through the proxy ${proxy.origin}) (after 3 attempts)`,
  })
  t.equal(requests, 3)
})

t.test('Connections: missing response headers are a TIMEOUT through a proxy, too', async t => {
  const { origin } = await listen(t, () => {})
  const silent = await listenRaw(t, () => {})
  for (const [proxy, target] of [
    [(await forwardProxy(t)).origin, origin],
    [silent.origin, origin],
    [silent.origin, origin.replace('http:', 'https:')],
  ] as const) {
    setProxies(t, { HTTP_PROXY: proxy })
    const client = openClient(t, target, { ...noRetries, timeouts: { headers: 30 } })
    t.match(await failureOf(client.get('/x', '')), {
      code: 'TIMEOUT',
      message: `${target}: the answer's headers took too long (timeouts.headers) (through the proxy ${proxy})`,
    })
  }
})

t.test('Connections: close() closes every connection to the proxy at once, idle or not', async t => {
  const { origin } = await listen(t, (request, response) => {
    if (!request.url?.startsWith('/silent')) response.writeHead(200).write('[')
  })
  const raw = await listenRaw(t, () => {})
  const proxy = await forwardProxy(t)
  setProxies(t, { HTTP_PROXY: proxy.origin })
  const plain = openClient(t, origin)
  const tls = openClient(t, `https://127.0.0.1:${raw.port}`)
  const { body } = await plain.get('/x', '')
  const failures = [plain.get('/silent', ''), tls.get('/x', ''), textOf(body)].map(failureOf)
  t.equal(await eventually(() => proxy.open.size, 3), 3)
  t.equal(await eventually(() => raw.sockets.size, 1), 1)
  await Promise.all([plain.close(), tls.close()])
  for (const error of await Promise.all(failures)) t.match(error, { message: 'the client was closed' })
  t.equal(await eventually(() => proxy.open.size, 0), 0)
  t.equal(await eventually(() => raw.sockets.size, 0), 0)
})

t.test('Connections: a server that closes each connection after its answer costs no request', async t => {
  let requests = 0
  const { origin } = await listenRaw(t, socket => {
    requests += 1
    socket.end('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n[]')
  })
  const client = openClient(t, origin)
  for (let i = 0; i < 20; i += 1) t.equal(await textOf((await client.get('/x', '')).body), '[]')
  t.equal(requests, 20)
})
