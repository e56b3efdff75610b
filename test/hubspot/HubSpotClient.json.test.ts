import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { reading } from '../../lib/hubspot/HubSpotClient.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** A server that answers the first `times` requests in one way, and then with `{"a":[1]}`. */
async function serve(t: Test, answer: (response: ServerResponse) => void, times = Infinity) {
  const { origin, targets } = await listen(t, (request, response) => {
    if (targets.length <= times) answer(response)
    else response.end('{"a":[1]}')
    request.resume()
  })
  const client = openClient(t, origin, { accessToken: 's3cret' })
  return { origin, targets, client, json: client[reading].json }
}

const path = '/crm/properties/2026-09/contacts'

t.test('json: a small answer is parsed, gzip or not, to a GET or a POST', async t => {
  const { json, targets } = await serve(
    t,
    response => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync('\n{"é":["\\u00e9"]} '))
    },
    1,
  )
  t.strictSame(await json(path, 'archived=false'), { é: ['é'] })
  t.strictSame(await json(path, 'archived=false', { body: { limit: 1 } }), { a: [1] })
  t.strictSame(targets, [`${path}?archived=false`, `${path}?archived=false`])
})

const transient: [what: string, answer: (response: ServerResponse) => void, message: RegExp][] = [
  ['HTML', response => response.end('<h1>Sorry</h1>'), /^expected JSON, but URL answered 200: Sorry$/],
  ['nothing', response => response.end(), /^expected JSON, but URL answered 200 and nothing$/],
  [
    'an error with the status 200',
    response => response.end('{"status":"error","message":"try s3cret"}'),
    /^expected JSON, but URL answered 200: try \*\*\*$/,
  ],
  [
    'half a body',
    response => {
      response.writeHead(200, { 'content-length': '100' }).write('{"a":')
      setImmediate(() => response.destroy())
    },
    /^ORIGIN: /,
  ],
]

for (const [what, answer, pattern] of transient) {
  t.test(`json: after ${what} the request is sent again`, async t => {
    const { json } = await serve(t, answer, 2)
    t.strictSame(await json(path, ''), { a: [1] })
    const { origin, targets, json: hopeless } = await serve(t, answer)
    const error = (await failureOf(hopeless(path, ''))) as Error
    t.equal(targets.length, 6)
    t.match(error, { name: 'LeadpipeError', retryable: true, context: { attempts: 6 } })
    const message = error.message.replace(`${origin}${path}`, 'URL').replace(origin, 'ORIGIN')
    t.match(message.replace(/ \(after 6 attempts\)$/, ''), pattern)
    t.notMatch(inspect(error, { depth: 20, showHidden: true }), /s3cret/)
  })
}

t.test('json: an object that is not valid JSON, or too large, is DECODE at once', async t => {
  for (const body of ['{"a":', '[1,]', ' {"s3cret": tru}']) {
    const { json, targets } = await serve(t, response => response.end(body))
    const error = await failureOf(json(path, ''))
    t.match(error, { code: 'DECODE', retryable: false, context: { problem: 'malformed', status: 200 } })
    t.notMatch(inspect(error, { depth: 20, showHidden: true }), /s3cret/)
    t.equal(targets.length, 1)
  }
  const { json, targets } = await serve(t, response => response.end(`["${'x'.repeat(96)}"]`))
  t.strictSame(await json(path, '', { maxBytes: 100 }), ['x'.repeat(96)])
  t.match(await failureOf(json(path, '', { maxBytes: 99 })), {
    code: 'DECODE',
    retryable: false,
    message: /contacts answered more than 99 bytes, expected a small answer$/,
    context: { problem: 'limit' },
  })
  t.equal(targets.length, 2)
})

t.test('json: errors and the end are those of get', async t => {
  const { json, client } = await serve(t, response => response.writeHead(400).end('{"message":"no"}'))
  t.match(await failureOf(json(path, '')), { code: 'HTTP', context: { status: 400 } })
  t.match(await failureOf(json('x', '')), { code: 'OPTION' })
  t.equal(await failureOf(json(path, '', { signal: AbortSignal.abort('enough') })), 'enough')
  const controller = new AbortController()
  const slow = await serve(t, response => {
    response.writeHead(200).write('{')
    setImmediate(() => controller.abort('enough'))
  })
  t.equal(await failureOf(slow.json(path, '', { signal: controller.signal })), 'enough')
  const closing = await serve(t, response => {
    response.writeHead(200).write('{')
    setImmediate(() => closing.client.close())
  })
  t.match(await failureOf(closing.json(path, '')), { code: 'NETWORK', message: /the client was closed/ })
  await client.close()
  t.match(await failureOf(json(path, '')), { code: 'NETWORK', message: 'the client was closed' })
})
