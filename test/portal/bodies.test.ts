import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Portal } from '../../lib/portal/index.ts'
import { acceptsGzip } from '../../lib/portal/server/compress.ts'
import { sendAnswer } from '../../lib/portal/server/sendAnswer.ts'
import { getLeads } from './helpers/getList.ts'
import { requestPath, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

const large = Array.from({ length: 100 }, (_, n) => ({ guid: `g${n}`, message: `${n % 10}`.repeat(200_000) }))

function writeRequest(portal: Portal, socket: Socket): void {
  socket.write(
    `GET /leads/v1/list?max=100&access_token=${portal.accessToken} HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n`,
  )
}

t.test('portal bodies: a slow reader gets every byte, while other requests are answered', async t => {
  const portal = await startPortal(t, { leads: large })
  const socket = connect(Number(new URL(portal.origin).port), '127.0.0.1')
  writeRequest(portal, socket)
  await once(socket, 'readable')
  t.equal((await getLeads(portal, 'max=1')).length, 1, 'the portal answers another request meanwhile')
  const chunks: Buffer[] = []
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer)
    await setImmediate()
  }
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  t.match(head, `Content-Length: ${Buffer.byteLength(body)}`)
  t.same(JSON.parse(body), large)
})

t.test('sendAnswer: at most a chunk waits for a reader that does not read', async t => {
  const body = Array.from({ length: 2_000 }, () => Buffer.alloc(10_000, '2'))
  let waiting = 0
  const server = createServer((_, response) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer) => {
      const hasRoom = write(chunk)
      waiting = Math.max(waiting, response.writableLength)
      return hasRoom
    }) as typeof response.write
    void sendAnswer(response, { status: 200, headers: {}, body })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  t.equal(bytes, 20_000_000)
  t.ok(waiting < 200_000, `${waiting} bytes waited at most, of ${bytes}`)
})

t.test(
  'portal bodies: a client that disconnects in the middle of a page disturbs no other request',
  async t => {
    const portal = await startPortal(t, { leads: large })
    for (let n = 0; n < 8; n++) {
      const socket = connect(Number(new URL(portal.origin).port), '127.0.0.1')
      writeRequest(portal, socket)
      await once(socket, 'readable')
      if (n % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
      await once(socket, 'close')
    }
    t.equal((await getLeads(portal, 'max=1')).length, 1)
    t.equal(portal.requestCount, 9)
  },
)

t.test(
  'portal bodies: a body is compressed if Accept-Encoding allows it, and decompresses to the same bytes',
  async t => {
    const portal = await startPortal(t, { leads: 30 })
    const paths = ['/leads/v1/list?max=30', '/leads/v1/list?max=0', '/leads/v1/list?max=ten']
    for (const path of paths) {
      const plain = await requestWithToken(portal, path)
      const packed = await requestWithToken(portal, path, { headers: { 'Accept-Encoding': 'gzip' } })
      t.ok(
        packed.rawHeaders.join().includes('Content-Encoding,gzip'),
        'the header has its canonical spelling',
      )
      t.notOk(plain.rawHeaders.join().includes('Content-Encoding'))
      t.equal(Number(packed.headers['content-length']), packed.body.length)
      for (const { headers } of [plain, packed]) t.equal(headers.vary, 'Accept-Encoding')
      const text = gunzipSync(packed.body).toString()
      // The ids of an error are new each time.
      const withoutIds = (body: string) => body.replace(/"correlationId.*/, '')
      t.equal(withoutIds(text), withoutIds(plain.body.toString()))
      t.equal(packed.status, plain.status)
    }
  },
)

t.test("portal bodies: with gzip: 'never', nothing is compressed and there is no Vary", async t => {
  const portal = await startPortal(t, { leads: 30, gzip: 'never' })
  const { headers, body } = await requestWithToken(portal, '/leads/v1/list', {
    headers: { 'Accept-Encoding': 'gzip' },
  })
  t.equal(headers['content-encoding'], undefined)
  t.equal(headers.vary, undefined)
  t.equal(JSON.parse(body.toString()).length, 10)
})

t.test('acceptsGzip reads Accept-Encoding as HTTP defines it', async t => {
  const cases: [header: string | undefined, accepts: boolean][] = [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['gzip, deflate, br', true],
    ['br;q=1.0, gzip;q=0.8', true],
    ['gzip;q=0', false],
    ['gzip ; q=0.000', false],
    ['*', true],
    ['*;q=0.5, gzip;q=0', false],
    ['identity', false],
    ['*;q=0', false],
    ['gzipped', false],
    ['gzip;q=nonsense', false],
  ]
  for (const [header, accepts] of cases) t.equal(acceptsGzip(header), accepts, String(header))
})

t.test('portal bodies: an error without a token is compressed, too', async t => {
  const portal = await startPortal(t, { leads: [] })
  const { status, body } = await requestPath(portal, '/nowhere', { headers: { 'Accept-Encoding': 'gzip' } })
  t.equal(status, 404)
  t.match(gunzipSync(body).toString(), 'Nothing is at /nowhere')
})
