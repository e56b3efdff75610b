import { deepStrictEqual } from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { LeadpipeError } from '../../lib/errors.ts'
import type { Lead } from '../../lib/lead/Lead.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { leadsByOffset, pageAfterPage } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'

const lanes = ['express', 'stream-json'] as const

const parameters = (target = '') => new URL(target, 'http://x').searchParams
const offsetOf = (target = '') => Number(parameters(target).get('offset') ?? 0)
const offsets = (targets: string[]) => targets.map(offsetOf)
const guidsOf = (received: readonly Lead[]) => received.map(({ guid }) => guid)

/** Sends the first `cut` bytes of a body, in a way that shows or hides that it is incomplete. */
type Framing = (socket: Socket, body: Buffer, cut: number) => void

const head = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n')
const length = (body: Buffer) => `Content-Length: ${body.length}`
const chunked = 'Transfer-Encoding: chunked'
const packed = 'Content-Encoding: gzip'
const chunk = (bytes: Buffer) =>
  bytes.length === 0
    ? bytes
    : Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

function send(socket: Socket, headers: string, bytes: Buffer, end: 'close' | 'reset'): void {
  socket.write(Buffer.concat([Buffer.from(headers), bytes]), () => {
    if (end === 'close') socket.end()
    else socket.resetAndDestroy()
  })
}

const framings: Record<string, Framing> = {
  'a Content-Length, closed': (socket, body, cut) =>
    send(socket, head(length(body)), body.subarray(0, cut), 'close'),
  'a Content-Length, reset': (socket, body, cut) =>
    send(socket, head(length(body)), body.subarray(0, cut), 'reset'),
  'no length, closed as if complete': (socket, body, cut) =>
    send(socket, head('Connection: close'), body.subarray(0, cut), 'close'),
  'no length, reset': (socket, body, cut) =>
    send(socket, head('Connection: close'), body.subarray(0, cut), 'reset'),
  'a Content-Length that is too short': (socket, body, cut) =>
    send(socket, head(`Content-Length: ${cut}`), body.subarray(0, cut), 'close'),
  'chunked, closed between two chunks': (socket, body, cut) =>
    send(socket, head(chunked), chunk(body.subarray(0, cut)), 'close'),
  'chunked, closed in a chunk': (socket, body, cut) =>
    send(socket, head(chunked), chunk(body).subarray(0, cut + 4), 'close'),
  'chunked, ended as if complete': (socket, body, cut) =>
    send(
      socket,
      head(chunked),
      Buffer.concat([chunk(body.subarray(0, cut)), Buffer.from('0\r\n\r\n')]),
      'close',
    ),
  'gzip, with a Content-Length, closed': (socket, body, cut) => {
    const zipped = gzipSync(body)
    send(socket, head(packed, length(zipped)), zipped.subarray(0, cut), 'close')
  },
  'gzip, chunked, ended as if complete': (socket, body, cut) => {
    const part = chunk(gzipSync(body).subarray(0, cut))
    send(socket, head(packed, chunked), Buffer.concat([part, Buffer.from('0\r\n\r\n')]), 'close')
  },
  'gzip of a body that was cut before its compression': (socket, body, cut) => {
    const zipped = gzipSync(body.subarray(0, cut))
    send(socket, head(packed, length(zipped)), zipped, 'close')
  },
}

const small = [{ guid: 'a"\\' }, { guid: 'é😀', n: [-1.5e3, null] }, { guid: 'c' }]

for (const decode of lanes) {
  for (const [name, framing] of Object.entries(framings)) {
    t.test(
      `broken body: ${decode}, ${name}: cut at any byte, every lead arrives once and in order`,
      async t => {
        let cut = 0
        let pending = true
        const { origin } = await listenRaw(t, (socket, request) => {
          const body = Buffer.from(JSON.stringify(small.slice(offsetOf(request.split(' ')[1]))))
          if (!pending) {
            socket.write(Buffer.concat([Buffer.from(head(length(body))), body]))
            return
          }
          pending = false
          framing(socket, body, cut)
        })
        const client = openClient(t, origin, {}, instantClock)
        const whole = Buffer.from(JSON.stringify(small))
        const end = name.startsWith('gzip,') ? gzipSync(whole).length : whole.length
        for (cut = 0; cut < end; cut += 1) {
          pending = true
          const source = leadsByOffset(client, { decode })
          deepStrictEqual(await source.toArray(), small, `${cut} bytes`)
          const { counts } = source
          deepStrictEqual([counts.delivered, counts.decoded, counts.scanned], [3, 3, 3], `${cut} bytes`)
          deepStrictEqual([counts.retries, counts.requests], [1, counts.pages + 1], `${cut} bytes`)
        }
      },
    )
  }
}

/** A server of `list` that breaks off its answers at these shares of their bodies. */
function serveBroken(t: Test, list: readonly Lead[], shares: readonly number[], ignoreMax = 1_000) {
  let request = 0
  return listen(t, ({ url }, response) => {
    const offset = offsetOf(url)
    const max = Math.min(ignoreMax, Number(parameters(url).get('max')))
    const body = Buffer.from(JSON.stringify(list.slice(offset, offset + max)))
    const share = shares[request]
    request += 1
    if (share === undefined || share === 1) response.end(body)
    else breakOff(response, body.subarray(0, Math.floor(body.length * share)), request)
  })
}

function breakOff(response: ServerResponse, part: Buffer, how: number): void {
  if (how % 3 === 0) response.end(part)
  else if (part.length === 0) response.socket?.destroy()
  else if (how % 3 === 1) response.write(part, () => response.socket?.resetAndDestroy())
  else response.write(part, () => response.socket?.destroy())
}

t.test('broken body: for any cuts, caps and limits, every lead arrives once and in order', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.option(fc.integer({ min: 1, max: 45 }), { nil: undefined }),
      fc.array(fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 12 }),
      fc.constantFrom(...lanes),
      async (count, max, cap, limit, shares, decode) => {
        const list = someLeads(count)
        const { origin, server } = await serveBroken(t, list, shares, cap)
        const client = openClient(t, origin, { retry: { retries: 20 } }, instantClock)
        const options = { decode, ...(limit === undefined ? {} : { limit }) }
        const source = leadsByOffset(client, { max, ...options })
        deepStrictEqual(await source.toArray(), list.slice(0, limit))
        const { counts } = source
        deepStrictEqual(counts.scanned, counts.decoded + counts.malformed)
        deepStrictEqual(counts.decoded, counts.delivered + counts.dropped + counts.unused)
        deepStrictEqual(counts.scannedOnPages, counts.tokenisedOnPages)
        await client.close()
        server.close()
      },
    ),
    { numRuns: 60 },
  )
})

t.test('broken body: it is continued after the last complete lead', async t => {
  const list = someLeads(7)
  const part = (from: number, to: number, rest: string) =>
    `${JSON.stringify(list.slice(from, to)).slice(0, -1)}${rest}`
  const answers = [
    part(0, 3, ',{"gu'),
    '[',
    part(3, 4, ''),
    part(4, 7, ',') /* the whole list without its end */,
    '[]',
  ]
  const { origin, targets } = await listen(t, (_request, response) =>
    response.end(answers[targets.length - 1]),
  )
  const clock = new FakeClock()
  const source = leadsByOffset(openClient(t, origin, {}, clock), { limit: 20 })
  t.strictSame(await source.toArray(), list)
  t.strictSame(offsets(targets), [0, 3, 3, 4, 7])
  t.strictSame(
    targets.map(target => parameters(target).get('max')),
    ['20', '17', '17', '16', '13'],
  )
  t.strictSame(clock.waits, [500, 1_000, 500, 500], 'after a lead the back-off starts again')
  t.match(source.counts, { requests: 5, retries: 4, pages: 1, delivered: 7 })
})

for (const [how, code, breaks] of [
  ['cut', 'DECODE', (response: ServerResponse) => response.end('[{"guid":')],
  ['empty', 'DECODE', (response: ServerResponse) => response.end()],
  ['reset', 'NETWORK', (response: ServerResponse) => breakOff(response, Buffer.from('['), 1)],
  [
    'half a gzip',
    'DECODE',
    (response: ServerResponse) => {
      response.setHeader('Content-Encoding', 'gzip')
      response.end(gzipSync('[{"guid":"a"}]').subarray(0, 15))
    },
  ],
] as const) {
  t.test(`broken body: ${how} repeatedly, without a lead: ${code} after the retries`, async t => {
    for (const retries of [0, 1, 3]) {
      const { origin, targets } = await listen(t, (request, response) => {
        if (offsetOf(request.url) === 0) response.end('[{"guid":"before"}]')
        else breaks(response)
      })
      const clock = new FakeClock()
      const source = leadsByOffset(openClient(t, origin, { retry: { retries } }, clock), { highWaterMark: 1 })
      const received: Lead[] = []
      const error = (await failureOf(async () => {
        for await (const lead of source) received.push(lead)
      })) as LeadpipeError
      t.match(error, { code, retryable: true, context: { page: 2, offset: Number } })
      t.match(error.message, /^page 2, byte \d+: /)
      t.equal(error.message.includes(`(after ${retries + 1} attempts)`), retries > 0)
      t.match(error.context, retries > 0 ? { attempts: retries + 1 } : { attempts: undefined })
      t.strictSame(guidsOf(received), ['before'])
      t.equal(targets.length, 2 + retries)
      t.strictSame(clock.waits, [500, 1_000, 2_000].slice(0, retries))
    }
  })
}

t.test('broken body: a complete page resets the retries', async t => {
  const list = someLeads(4)
  let broken = -1
  const { origin, targets } = await listen(t, (request, response) => {
    const offset = offsetOf(request.url)
    const whole = broken === offset
    broken = offset
    response.end(whole ? JSON.stringify(list.slice(offset, offset + 1)) : '[')
  })
  const clock = new FakeClock()
  t.strictSame(await pageAfterPage(openClient(t, origin, { retry: { retries: 1 } }, clock)).toArray(), list)
  t.strictSame(offsets(targets), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
  t.strictSame(clock.waits, [500, 500, 500, 500, 500])
})

t.test('broken body: a malformed body is not retried', async t => {
  for (const body of ['[{"guid":"a"}}', '{"guid":"a"}', '[{"guid":"a"}] x']) {
    const { origin, targets } = await listen(t, (_request, response) => response.end(body))
    t.match(
      await failureOf(leadsByOffset(openClient(t, origin)).toArray()),
      { code: 'DECODE', retryable: false },
      body,
    )
    t.equal(targets.length, 1)
  }
})

t.test(
  'broken body: "a 401 was a Tomcat page": 401 and 403 in the middle of a page end the source at once',
  async t => {
    for (const status of [401, 403]) {
      const { origin, targets } = await listen(t, (request, response) => {
        if (offsetOf(request.url) === 0) response.end('[{"guid":"a"},')
        else response.writeHead(status).end('<html><h1>HTTP Status</h1></html>')
      })
      const received: Lead[] = []
      const error = await failureOf(async () => {
        for await (const lead of leadsByOffset(openClient(t, origin), { highWaterMark: 1 }))
          received.push(lead)
      })
      t.match(error, { code: 'AUTH', context: { status }, message: /HTTP Status$/ })
      t.strictSame(guidsOf(received), ['a'])
      t.strictSame(offsets(targets), [0, 1])
    }
  },
)

t.test('broken body: "502, 503, 504 are transient": one in the middle of a page loses no lead', async t => {
  const list = someLeads(5)
  let failures = 0
  const { origin, targets } = await listen(t, (request, response) => {
    const rest = JSON.stringify(list.slice(offsetOf(request.url)))
    if (targets.length === 1) response.end(rest.slice(0, rest.length / 2))
    else if (failures < 3) {
      response.writeHead([502, 503, 504][failures] as number).end('<html>Bad Gateway</html>')
      failures += 1
    } else response.end(rest)
  })
  const clock = new FakeClock()
  t.strictSame(await leadsByOffset(openClient(t, origin, {}, clock)).toArray(), list)
  t.strictSame(clock.waits, [500, 500, 1_000, 2_000], 'the request has its own back-off')
})

t.test('broken body: a server that ignores offset is PAGING, not a loop', async t => {
  const { origin, targets } = await listen(t, (_request, response) =>
    response.end('[{"guid":"a"},{"guid":"b"},'),
  )
  const received: Lead[] = []
  const error = await failureOf(async () => {
    const client = openClient(t, origin, {}, new FakeClock())
    for await (const lead of leadsByOffset(client, { highWaterMark: 1 })) received.push(lead)
  })
  // Inserts may move so short a part, but not ten times in a row.
  t.match(error, { code: 'PAGING', context: { guid: 'a', offset: 20, previousOffset: 18 } })
  t.equal(received.length, 20)
  t.equal(targets.length, 11)
})

t.test(
  'broken body: an abort in the wait before its rest rejects with the reason, and nothing more is sent',
  async t => {
    const { origin, targets } = await listen(t, (_request, response) => response.end('[{"guid":"a"},'))
    const clock = new FakeClock()
    clock.hold = true
    const controller = new AbortController()
    const reason = new Error('enough')
    clock.onWait = () => controller.abort(reason)
    const source = leadsByOffset(openClient(t, origin, {}, clock), { signal: controller.signal })
    t.equal(await failureOf(source.toArray()), reason)
    await turns(10)
    t.equal(targets.length, 1)
  },
)

t.test('idle connections that the server closes while the sink is slow lose no lead', async t => {
  const list = someLeads(90)
  const { origin, server, targets } = await serveLeads(t, list)
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  const received: Lead[] = []
  for await (const lead of leadsByOffset(openClient(t, origin), { max: 10, highWaterMark: 1 })) {
    received.push(lead)
    if (received.length % 7 !== 0) continue
    for (const socket of open) socket.destroy()
    await eventually(() => open.size, 0)
  }
  t.strictSame(received, list)
  t.ok(targets.length >= 10)
})

for (const how of ['destroy', 'resetAndDestroy'] as const) {
  t.test(
    `broken body: a server that closes the connection because the sink is slow (${how}) loses no lead`,
    async t => {
      const list = Array.from({ length: 3_000 }, (_, i) => ({ guid: `${i}`, text: 'x'.repeat(10_000) }))
      let stuck: Socket | undefined
      const { origin, targets } = await listen(t, (request, response) => {
        if (targets.length === 1) stuck = request.socket
        response.end(JSON.stringify(list.slice(offsetOf(request.url))))
      })
      let count = 0
      for await (const { guid } of pageAfterPage(openClient(t, origin))) {
        if (guid !== `${count}`) t.equal(guid, `${count}`)
        count += 1
        if (count === 20) {
          await turns(200)
          t.ok((stuck?.writableLength ?? 0) > 0, 'the server has unsent bytes')
          const closed = once(stuck as Socket, 'close')
          stuck?.[how]()
          await closed
          await turns(20)
        }
      }
      t.equal(count, list.length)
      t.equal(targets.length, 3)
    },
  )
}

/** Sends pieces as long as the connection is open, one per turn of the event loop. */
function drip(response: ServerResponse, piece: () => string): void {
  if (response.destroyed) return
  response.write(piece())
  setImmediate(drip, response, piece)
}

for (const decode of lanes) {
  t.test(`timeouts.page: ${decode}: a page that drips endlessly is cut, and continued`, async t => {
    const list = someLeads(3)
    const { origin, targets } = await listen(t, (request, response) => {
      const rest = JSON.stringify(list.slice(offsetOf(request.url)))
      if (targets.length > 2) {
        response.end(rest)
        return
      }
      response.write(`[${JSON.stringify(list[targets.length - 1])}`)
      drip(response, () => ' ')
    })
    const source = leadsByOffset(openClient(t, origin, { timeouts: { page: 60 } }), { decode })
    t.strictSame(await source.toArray(), list)
    t.strictSame(offsets(targets), [0, 1, 2, 3])
    t.equal(source.counts.retries, 2)
  })
}

t.test(
  'timeouts.page: a page that drips leads continues beyond the retries, one without leads does not',
  async t => {
    let sent = 0
    const { origin, targets } = await listen(t, (request, response) => {
      sent = offsetOf(request.url)
      response.write('[{"guid":"first"}'.replace('first', `${sent}`))
      if (sent < 4) {
        drip(response, () => ' ')
        return
      }
      response.end(']')
    })
    const client = openClient(t, origin, { timeouts: { page: 30 }, retry: { retries: 1 } })
    const received = await leadsByOffset(client, { limit: 5 }).toArray()
    t.strictSame(guidsOf(received), ['0', '1', '2', '3', '4'])
    t.equal(targets.length, 5)
    const { origin: dry, targets: dryTargets } = await listen(t, (_request, response) => {
      drip(response, () => ' ')
    })
    const other = openClient(t, dry, { timeouts: { page: 30 }, retry: { retries: 2 } })
    t.match(await failureOf(leadsByOffset(other).toArray()), {
      code: 'TIMEOUT',
      retryable: true,
      message: /^page 1, byte \d+: the page took too long \(timeouts\.page\) \(after 3 attempts\)$/,
      context: { page: 1, attempts: 3 },
    })
    t.equal(dryTargets.length, 3)
  },
)

t.test('timeouts.page: the time that a slow consumer takes does not count', async t => {
  const list = Array.from({ length: 2_000 }, (_, i) => ({ guid: `${i}`, text: 'x'.repeat(2_000) }))
  const { origin } = await listen(t, (request, response) => {
    if (parameters(request.url).get('search') === 'stalls') response.write('[')
    else response.end(JSON.stringify(list.slice(offsetOf(request.url))))
  })
  const client = openClient(t, origin, { timeouts: { page: 1_000 }, retry: { retries: 0 } })
  const source = leadsByOffset(client)
  let count = 0
  for await (const { guid } of source) {
    if (guid !== `${count}`) t.equal(guid, `${count}`)
    // Another page exceeds the timeout in this time, so this one would, too.
    if (count === 30)
      t.match(await failureOf(leadsByOffset(client, { search: 'stalls' }).toArray()), { code: 'TIMEOUT' })
    count += 1
  }
  t.equal(count, list.length)
  t.equal(source.counts.retries, 0)
})
