import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { redact } from '../../lib/http/redact.ts'
import type { LeadsClientOptions } from '../../lib/hubspot/options.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'

const plain = 'demooooo-oooo-oooo-oooo-oooooooooooo'
const special = 's3/cr+et==&<x>"y"\'z\'%'

/** Everything that Node would print of a value, hidden parts, causes and all. */
const everything = (value: unknown) => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

/** A secret in whatever form, and any part of it that is worth having. */
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

/** What a server may make of the URL or header that it was sent. */
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
] as [string, LeadsClientOptions][]) {
  const secret = credential.accessToken ?? credential.apiKey ?? ''

  t.test(`an ${form} that a server repeats is in no error and on no channel`, async t => {
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
      const repeated = echo(`${request.url}&auth=${encodeURIComponent(request.headers.authorization ?? '')}`)
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
  })
}

t.test('an answer that cannot be parsed, and repeats the URL, leaves no trace of it', async t => {
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
})

t.test('neither connection errors nor timeouts tell the token', async t => {
  const { origin } = await listen(t, () => {})
  const timeouts = { headers: 30, connect: 30 }
  for (const where of [origin, origin.replace('http:', 'https:'), 'http://127.0.0.1:1']) {
    const client = openClient(t, where, { accessToken: plain, timeouts, retry: { retries: 0 } })
    const error = await failureOf(leads(client).toArray())
    t.match(error, { name: 'LeadpipeError' })
    t.notMatch(everything(error), traces(plain))
  }
})

t.test('options that are passed where the client belongs are not shown', async t => {
  const error = await failureOf(() => leads({ accessToken: plain } as never))
  t.equal(
    (error as Error).message,
    'leads() client: expected a LeadsClient (new LeadsClient({ accessToken })), received a value of type object',
  )
  t.notMatch(everything(error), traces(plain))
})

t.test('a client that is printed does not tell its token', async t => {
  t.notMatch(everything(openClient(t, 'http://127.0.0.1:1', { accessToken: plain })), traces(plain))
})

const awkward = 'a/b+c=&d<"\'>\\%e'

t.test('a secret is replaced in every form that a server repeats it in', async t => {
  const forms = [
    awkward,
    encodeURIComponent(awkward),
    encodeURIComponent(awkward).replace(/%../g, hex => hex.toLowerCase()),
    encodeURIComponent(encodeURIComponent(awkward)),
    encodeURI(awkward),
    JSON.stringify(awkward).slice(1, -1),
    JSON.stringify(JSON.stringify(awkward)).slice(3, -3),
    JSON.stringify(awkward).slice(1, -1).replaceAll('/', '\\/'),
    awkward.replace(/[&<>='"+/\\]/g, unit => `\\u00${unit.charCodeAt(0).toString(16)}`),
    awkward.replace(/[&<>='"+/\\]/g, unit => `\\u00${unit.charCodeAt(0).toString(16).toUpperCase()}`),
    awkward
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
    awkward.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('/', '&#x2F;'),
  ]
  for (const form of forms) {
    t.equal(redact(`before ${form} between ${form} behind`, awkward), 'before *** between *** behind', form)
  }
})

t.test('a plain token is replaced wherever it stands', async t => {
  const token = 'demooooo-oooo-oooo-oooo-oooooooooooo'
  t.equal(redact(`x${token}y${token}`, token), 'x***y***')
  t.equal(redact(`Bearer ${token}`, token), 'Bearer ***')
})

t.test('what stands for a credential in a URL is replaced even if it is cut or another', async t => {
  t.equal(redact('/list?access_token=demooo', 'demooooo-oooo'), '/list?access_token=***')
  t.equal(redact('/list?hapikey=other&max=1', 'demo'), '/list?hapikey=***&max=1')
  t.equal(redact('"/list?access_token=abc", max', 'demo'), '"/list?access_token=***", max')
  t.equal(redact('next=%2Flist%3Faccess_token%3Dabc', 'demo'), 'next=%2Flist%3Faccess_token%3D***')
})

t.test('other text stays as it is', async t => {
  for (const text of ['', 'nothing', '{"access":"token"}', 'my_access_tokens=1', 'a%2Fb', '\\\\\\']) {
    t.equal(redact(text, 'demo'), text)
  }
})

t.test('no secret survives, alone or in any URL', async () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)),
    minLength: 4,
  })
  fc.assert(
    fc.property(printable, fc.string(), fc.string(), (token, before, behind) => {
      for (const form of [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)]) {
        const text = redact(`${before}${form}${behind}`, token)
        if (!before.includes(token) && !behind.includes(token) && text.includes(token)) return false
        if (!text.includes('***')) return false
      }
      return true
    }),
  )
})

t.test('a long text of backslashes and percent signs takes no time to speak of', async t => {
  for (const unit of ['\\', '%', '%25', '&#0', 'a']) {
    const text = unit.repeat(20_000)
    t.equal(redact(text, 'aaaaaaaaaab'), text)
  }
})
