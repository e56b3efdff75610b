import type { Socket } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { run } from '../../lib/run/run.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { failureOf } from '../support/failureOf.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { numbered } from '../support/numbered.ts'
import { openClient } from '../support/openClient.ts'

const [early, more, processing] = [
  'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\nX-Empty:\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 102 Processing\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n',
]
const withBody = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Writes each part in a turn of its own, so that it arrives as a chunk of its own. */
async function writeParts(socket: Socket, parts: readonly string[]): Promise<void> {
  socket.setNoDelay(true)
  for (const part of parts) {
    if (part === '') continue
    socket.write(part, 'latin1')
    await new Promise(resolve => setImmediate(resolve))
  }
}

t.test('interim answers before an answer are skipped, however the bytes arrive', async t => {
  let parts: string[] = []
  const { origin, sockets } = await listenRaw(t, socket => writeParts(socket, parts))
  const client = openClient(t, origin, { concurrency: 1 })
  const interims = fc.array(fc.constantFrom(more, processing, early), { maxLength: 4 })
  const bodies = fc.constantFrom('[]', more, `[${more}${withBody('')}]`, ' ')
  const cuts = fc.array(fc.nat(250), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(interims, bodies, cuts, async (heads, body, at) => {
      const bytes = heads.join('') + withBody(body)
      const ends = [...at.filter(end => end < bytes.length).toSorted((a, b) => a - b), bytes.length]
      parts = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
      const answer = await client.get('/x', '')
      t.equal(answer.status, 200)
      t.equal(await textOf(answer.body), body)
    }),
    { numRuns: 60 },
  )
  t.equal(sockets.size, 1, 'the connection is used again')
})

t.test('an interim answer to a batch does not make toHttp send it again', async t => {
  let requests = 0
  const { origin } = await listenRaw(t, async (socket, request) => {
    if (!request.startsWith('POST')) return
    requests += 1
    await writeParts(socket, [more, early, 'HTTP/1.1 204 No Content\r\n\r\n'])
  })
  const { sink } = await run(numbered(3), toHttp(origin, { batch: { records: 1 }, concurrency: 1 }))
  t.match(sink, { acknowledged: 3, retries: 0 })
  t.equal(requests, 3)
})

t.test('interim answers without an end are a TIMEOUT of the headers', async t => {
  const { origin } = await listenRaw(t, socket => {
    const timer = setInterval(() => socket.write(processing), 5)
    socket.on('close', () => clearInterval(timer))
  })
  const client = openClient(t, origin, { retry: { retries: 0 }, timeouts: { headers: 30 } })
  t.match(await failureOf(client.get('/x', '')), { code: 'TIMEOUT', message: /timeouts\.headers/ })
})

t.test('an interim answer whose head has no end is a NETWORK error', async t => {
  const { origin } = await listenRaw(t, socket => {
    socket.write(`HTTP/1.1 103 Early Hints\r\nX: ${'x'.repeat(40_000)}`)
  })
  const client = openClient(t, origin, { retry: { retries: 0 } })
  t.match(await failureOf(client.get('/x', '')), { code: 'NETWORK' })
})

t.test(
  'an answer that switches the protocol (101) is a NETWORK error, and is not requested again',
  async t => {
    let requests = 0
    const { origin } = await listenRaw(t, socket => {
      requests += 1
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n')
    })
    t.match(await failureOf(openClient(t, origin).get('/x', '')), {
      code: 'NETWORK',
      retryable: false,
      message: `${origin}: the server switches to another protocol (101), which was not requested`,
    })
    t.equal(requests, 1)
  },
)
