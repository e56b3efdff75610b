import { text as textOf } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { watchSockets } from '../support/watchSockets.ts'

const list = Array.from({ length: 500 }, (_, i) => ({ guid: `${i}`, text: 'é'.repeat(i) }))
const text = JSON.stringify(list)
const zipped = gzipSync(text)

/** A server whose first page is this body, and whose second page is empty. */
const serve = (t: Test, body: Buffer, headers: Record<string, string>) =>
  listen(t, (request, response) => {
    const first = !request.url?.includes('offset=')
    response.writeHead(200, first ? headers : {}).end(first ? body : '[]')
  })

t.test('body: a gzip body is decompressed, however the header is spelt', async t => {
  for (const encoding of ['gzip', 'GZip', ' gzip ', 'x-gzip']) {
    const { origin } = await serve(t, zipped, { 'Content-Encoding': encoding })
    const client = openClient(t, origin)
    t.equal(await textOf((await client.get('/x', '')).body), text)
    t.strictSame(await leadsByOffset(client).toArray(), list)
  }
})

t.test('body: a gzip body of several members is decompressed completely', async t => {
  const half = text.length >> 1
  const members = Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))])
  const { origin } = await serve(t, members, { 'Content-Encoding': 'gzip' })
  t.strictSame(await leadsByOffset(openClient(t, origin)).toArray(), list)
})

t.test('body: a body without compression is read unchanged', async t => {
  for (const headers of [{}, { 'Content-Encoding': 'identity' }, { 'Content-Encoding': '' }]) {
    const { origin } = await serve(t, Buffer.from(text), headers as Record<string, string>)
    t.strictSame(await leadsByOffset(openClient(t, origin)).toArray(), list)
  }
})

t.test('body: a gzip body that ends early is an error at any length, never a short list', async t => {
  for (const share of [0, 0.001, 0.01, 0.3, 0.5, 0.9, 0.999]) {
    const length = Math.floor(zipped.length * share)
    const { origin } = await serve(t, zipped.subarray(0, length), { 'Content-Encoding': 'gzip' })
    const error = await failureOf(leadsByOffset(openClient(t, origin, { retry: { retries: 0 } })).toArray())
    t.match(
      error,
      { code: 'DECODE', retryable: true, context: { page: 1, problem: 'cut' } },
      `${length} bytes`,
    )
    t.match(
      (error as Error).message,
      /^page 1, byte \d+: (the body is empty|http:.+ ends in the middle of its gzip data)/,
    )
  }
})

t.test('body: a gzip body whose checksum is wrong is an error', async t => {
  const damaged = Buffer.from(zipped)
  damaged.writeUInt32LE(7, damaged.length - 8)
  const { origin } = await serve(t, damaged, { 'Content-Encoding': 'gzip' })
  const error = await failureOf(leadsByOffset(openClient(t, origin)).toArray())
  t.match(error, { code: 'DECODE', retryable: false, context: { page: 1, problem: 'malformed' } })
})

t.test('body: a body that is not gzip although its header says so is an error', async t => {
  const { origin } = await serve(t, Buffer.from(text), { 'Content-Encoding': 'gzip' })
  const error = await failureOf(leadsByOffset(openClient(t, origin)).toArray())
  t.match(error, { code: 'DECODE', retryable: false, context: { page: 1, problem: 'malformed' } })
  t.match((error as Error).message, 'the body is not valid gzip data')
})

t.test('body: an encoding that was not offered is an error, and the connection is closed', async t => {
  for (const encoding of ['br', 'deflate', 'zstd', 'gzip, br', 'gzip, gzip', 'nonsense']) {
    const { origin, server } = await serve(t, Buffer.alloc(1_000_000), { 'Content-Encoding': encoding })
    const sockets = watchSockets(server)
    const error = await failureOf(openClient(t, origin).get('/x', ''))
    t.match(error, { code: 'DECODE', retryable: false, context: { contentEncoding: encoding } })
    t.match((error as Error).message, `/x answered with Content-Encoding ${encoding}; expected gzip or none`)
    await sockets.allClosed()
  }
})

t.test(
  'body: a compressed error body is decoded for the message; one that cannot be decoded is left out',
  async t => {
    const { origin } = await listen(t, (request, response) => {
      const encoding = request.url?.startsWith('/gzip') ? 'gzip' : 'br'
      response.writeHead(400, { 'Content-Encoding': encoding }).end(gzipSync('{"message":"no such sort"}'))
    })
    const client = openClient(t, origin)
    t.match((await failureOf(client.get('/gzip', ''))) as Error, { message: /answered 400: no such sort$/ })
    t.match((await failureOf(client.get('/br', ''))) as Error, { code: 'HTTP', message: /answered 400$/ })
  },
)
