import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'

const plain = 'demooooo-oooo-oooo-oooo-oooooooooooo'
const special = 's3/cr+et==&<x>"y"\'z\'%'

/** Everything that Node can print of a value, with hidden parts and causes. */
const everything = (value: unknown) => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

/** Matches a secret in any form, or half of it. */
function traces(secret: string): RegExp {
  const half = secret.slice(0, Math.ceil(secret.length / 2))
  const forms = [
    half,
    encodeURIComponent(half),
    JSON.stringify(half).slice(1, -1),
    half.replaceAll('/', '\\/'),
  ]
  return new RegExp(forms.map(form => form.replace(/[^\w]/g, '\\$&')).join('|'), 'i')
}

/** How a server may repeat the URL or header of a request. */
const echoes: Record<string, (target: string) => string> = {
  text: target => `No such thing: ${target}`,
  decoded: target => `No such thing: ${decodeURIComponent(target)}`,
  json: target => JSON.stringify({ status: 'error', message: `bad url ${decodeURIComponent(target)}` }),
  'json of PHP': target =>
    JSON.stringify({ message: `bad url ${decodeURIComponent(target)}` }).replaceAll('/', '\\/'),
  'json of Java': target =>
    JSON.stringify({ message: decodeURIComponent(target) }).replace(
      /[=&<>']/g,
      unit => `\\u00${unit.charCodeAt(0).toString(16)}`,
    ),
  html: target =>
    `<html><body><h1>404</h1><p>${decodeURIComponent(target).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</p></body></html>`,
  'lower-case percent-encoding': target => target.replace(/%../g, hex => hex.toLowerCase()),
  'a link to log in': target => `<a href="/login?next=${encodeURIComponent(target)}">Log in</a>`,
  'far down': target => `${' '.repeat(3_000)}${'x'.repeat(1_040)}${target}`,
  'cut by the server': target => target.slice(0, target.indexOf('=') + 25),
}

for (const [form, credential] of [
  ['access token', { accessToken: plain }],
  ['access token with special characters', { accessToken: special }],
  ['API key', { apiKey: special }],
  ['access token in the header', { accessToken: special, auth: 'header' }],
] as [string, HubSpotClientOptions & { accessToken?: string }][]) {
  const secret = credential.accessToken ?? credential.apiKey ?? ''

  t.test(
    `secrets: an ${form} that a server repeats is in no error and in no message of a channel`,
    async t => {
      const published: unknown[] = []
      const keep = (message: unknown) => published.push(message)
      const channels = ['leadpipe:request', 'leadpipe:retry', 'leadpipe:page']
      for (const name of channels) subscribe(name, keep)
      t.after(() => {
        for (const name of channels) unsubscribe(name, keep)
      })
      let echo = echoes.text as (target: string) => string
      let status = 400
      let zipped = false
      const { origin } = await listen(t, (request, response) => {
        const repeated = echo(
          `${request.url}&auth=${encodeURIComponent(request.headers.authorization ?? '')}`,
        )
        if (zipped) response.setHeader('content-encoding', 'gzip')
        response.writeHead(status, { location: request.url ?? '' })
        response.end(zipped ? gzipSync(repeated) : repeated)
      })
      const client = openClient(t, origin, { ...credential, retry: { retries: 1 } })
      for (const [name, make] of Object.entries(echoes)) {
        echo = make
        for (status of [302, 401, 500]) {
          zipped = status === 500
          const error = await failureOf(leads(client).toArray())
          t.match(error, { name: 'LeadpipeError', context: { status } })
          t.notMatch(everything(error), traces(secret), `${name}, ${status}`)
        }
      }
      t.ok(published.length > 30)
      t.notMatch(everything(published), traces(secret))
    },
  )
}

t.test(
  'secrets: an answer that is not HTTP and repeats the URL leaves no trace of the token in the error',
  async t => {
    for (const answer of [
      (request: string) => `What? ${request}`,
      (request: string) => `HTTP/1.1 200 OK\r\nNo Header ${request}`,
      (request: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[ \r\nzz${request}`,
      (request: string) => `HTTP/1.1 200 OK\r\nContent-Encoding: ${request.split('\r\n')[0]}\r\n\r\n`,
    ]) {
      const { origin } = await listenRaw(t, (socket, request) => socket.end(answer(request)))
      const client = openClient(t, origin, { accessToken: plain, retry: { retries: 0 } })
      const error = await failureOf(leads(client).toArray())
      t.match(error, { name: 'LeadpipeError' })
      t.notMatch(everything(error), traces(plain))
    }
  },
)

t.test('secrets: connection errors and timeouts do not contain the token', async t => {
  const { origin } = await listen(t, () => {})
  const timeouts = { headers: 30, connect: 30 }
  for (const where of [origin, origin.replace('http:', 'https:'), 'http://127.0.0.1:1']) {
    const client = openClient(t, where, { accessToken: plain, timeouts, retry: { retries: 0 } })
    const error = await failureOf(leads(client).toArray())
    t.match(error, { name: 'LeadpipeError' })
    t.notMatch(everything(error), traces(plain))
  }
})

t.test('secrets: client options that are passed to leads() are not shown in the error', async t => {
  const error = await failureOf(() => leads({ accessToken: plain } as never))
  t.equal(
    (error as Error).message,
    'leads(): client: expected a HubSpotClient (new HubSpotClient({ accessToken })), received a value of type object',
  )
  t.notMatch(everything(error), traces(plain))
})

t.test('secrets: inspect of a client does not show its token', async t => {
  t.notMatch(everything(openClient(t, 'http://127.0.0.1:1', { accessToken: plain })), traces(plain))
})
