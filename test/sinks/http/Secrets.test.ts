import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { inspect } from 'node:util'
import t from 'tap'
import { withClock } from '../../../lib/http/Clock.ts'
import { run } from '../../../lib/run/run.ts'
import type { DeadLetter } from '../../../lib/sinks/http/DeadLetters.ts'
import type { HttpOptions } from '../../../lib/sinks/http/options.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { FakeClock } from '../../support/FakeClock.ts'
import { failureOf } from '../../support/failureOf.ts'
import { listenRaw } from '../../support/listenRaw.ts'
import { receive } from '../../support/receive.ts'

const secrets = ['tokenHunter22', 'keyHunter22', 'userHunter22', 'queryHunter22', 'passHunter/22+']
const headers = {
  authorization: 'Bearer tokenHunter22',
  'x-api-key': 'keyHunter22',
  'proxy-authorization': `Basic ${Buffer.from('userHunter22:passHunter/22+').toString('base64')}`,
}
const query = 'api_key=queryHunter22&verbose'
const trace = /hunter|cGFzc0/i

/** All that Node prints of a value, including hidden properties and causes. */
const everything = (value: unknown) => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

/** Bodies in which a receiver echoes the request. */
const echoes: Record<string, (request: IncomingMessage) => string> = {
  headers: request => request.rawHeaders.join('\n'),
  url: request => `No such thing: ${request.url}`,
  'encoded url': request => `/login?next=${encodeURIComponent(request.url ?? '')}`,
  json: request => JSON.stringify({ message: `bad ${request.headers.authorization}`, url: request.url }),
  'single secrets': () => secrets.join(' '),
  'secrets as JSON with escaped slashes': () => JSON.stringify(secrets).replaceAll('/', '\\/'),
  'after 4 KB': request => `${'x'.repeat(4_090)}${request.headers.authorization}${'y'.repeat(10_000)}`,
}

const policies: Record<string, HttpOptions> = {
  fail: {},
  readAnswer: { readAnswer: () => undefined },
  'a readAnswer that throws': {
    readAnswer({ body }) {
      throw Object.assign(new Error(`can't read ${body}`), { body })
    },
  },
  'a readAnswer with a reason': { readAnswer: ({ body }) => ({ refused: [{ index: 0, reason: body }] }) },
}

t.test('toHttp: secrets that a receiver echoes are in no error and no channel message', async t => {
  const published: unknown[] = []
  const keep = (message: unknown) => published.push(message)
  const channels = ['leadpipe:request', 'leadpipe:retry']
  for (const name of channels) subscribe(name, keep)
  t.after(() => {
    for (const name of channels) unsubscribe(name, keep)
  })
  let echo = echoes.url as (request: IncomingMessage) => string
  let status = 400
  const { origin } = await receive(t, (_arrival, response) => {
    response.writeHead(status, { location: response.req.url ?? '' }).end(echo(response.req))
  })
  for (const [policy, options] of Object.entries(policies)) {
    for (const [name, make] of Object.entries(echoes)) {
      echo = make
      for (status of [207, 302, 400, 401, 429, 500]) {
        if (status === 207 && !/throws|reason/.test(policy)) continue
        const sink = toHttp(
          `${origin}/in?${query}`,
          withClock({ headers, retry: { retries: 1 }, ...options }, new FakeClock()),
        )
        const error = await failureOf(run([{ n: 1 }], sink))
        t.match(error, { code: 'SINK', context: { url: `${origin}/in`, status } }, `${policy}, ${name}`)
        t.notMatch(everything(error), trace, `${policy}, ${name}, ${status}`)
      }
    }
  }
  t.ok(published.length > 100)
  t.notMatch(everything(published), trace)
})

t.test('toHttp: secrets that a receiver echoes are not in a dead letter', async t => {
  const { origin } = await receive(t, (_arrival, response) =>
    response.writeHead(422).end(response.req.rawHeaders.join('\n')),
  )
  const deadLetter = toArray<DeadLetter>({ max: 1 })
  await run([{ n: 1 }], toHttp(origin, { headers, onRefused: 'dead-letter', deadLetter }))
  t.match(deadLetter.records[0]?.answer, /authorization/)
  t.notMatch(everything(deadLetter.records), trace)
})

t.test('toHttp: an error quotes the response of the receiver, with secrets replaced', async t => {
  const { origin } = await receive(t, (_arrival, response) =>
    response.writeHead(400).end('tokenHunter22 is no good'),
  )
  t.match(await failureOf(run([1], toHttp(`${origin}/in?${query}`, { headers }))), {
    message: /it answered 400: \*\*\* is no good;/,
  })
})

t.test('toHttp: secrets in a response that cannot be parsed are not in the error', async t => {
  for (const answer of [
    (request: string) => `What? ${request}`,
    (request: string) => `HTTP/1.1 200 OK\r\nNo Header ${request}`,
    (request: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[ \r\nzz${request}`,
    (request: string) => `HTTP/1.1 200 OK\r\nContent-Encoding: ${request.split('\r\n')[0]}\r\n\r\n`,
  ]) {
    const { origin } = await listenRaw(t, (socket, request) => socket.end(answer(request)))
    const options = { headers, retry: { retries: 0 }, readAnswer: () => undefined }
    const error = await failureOf(run([{ n: 1 }], toHttp(`${origin}/in?${query}`, options)))
    t.match(error, { code: 'SINK' })
    t.notMatch(everything(error), trace)
  }
})

t.test('toHttp: an OPTION error shows no header value', async t => {
  for (const options of [
    { headers: { authorization: 'Hunter22é' } },
    { headers: { 'Bearer Hunter22': 'x' } },
    { headers: 'Bearer Hunter22' },
    { headers, concurrency: 0 },
  ]) {
    const error = await failureOf(() => toHttp('http://receiver.example', options as HttpOptions))
    t.match(error, { code: 'OPTION' })
    t.notMatch(everything(error), trace)
  }
})
