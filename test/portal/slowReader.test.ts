import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Portal } from '../../lib/portal/index.ts'
import { sendAnswer } from '../../lib/portal/server/sendAnswer.ts'
import { getLeads } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

const large = Array.from({ length: 100 }, (_, n) => ({ guid: `g${n}`, message: `${n % 10}`.repeat(200_000) }))

function ask(portal: Portal, socket: Socket): void {
  socket.write(
    `GET /leads/v1/list?max=100&access_token=${portal.accessToken} HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n`,
  )
}

t.test('a reader that reads a little at a time gets every byte, while others are served', async t => {
  const portal = await startPortal(t, { leads: large })
  const socket = connect(Number(new URL(portal.origin).port), '127.0.0.1')
  ask(portal, socket)
  await once(socket, 'readable')
  t.equal((await getLeads(portal, 'max=1')).length, 1, 'the portal serves others meanwhile')
  const chunks: Buffer[] = []
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer)
    await setImmediate()
  }
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  t.match(head, `Content-Length: ${Buffer.byteLength(body)}`)
  t.same(JSON.parse(body), large)
})

t.test('no more than a chunk waits for a reader that does not read', async t => {
  const body = Array.from({ length: 2_000 }, () => Buffer.alloc(10_000, '2'))
  let waiting = 0
  const server = createServer((_, response) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer) => {
      const goesOn = write(chunk)
      waiting = Math.max(waiting, response.writableLength)
      return goesOn
    }) as typeof response.write
    void sendAnswer(response, { status: 200, headers: {}, body }, 0)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  t.equal(bytes, 20_000_000)
  t.ok(waiting < 200_000, `${waiting} bytes waited at most, of ${bytes}`)
})

t.test('a client that goes away in the middle of a page harms nobody', async t => {
  const portal = await startPortal(t, { leads: large })
  for (let n = 0; n < 20; n++) {
    const socket = connect(Number(new URL(portal.origin).port), '127.0.0.1')
    ask(portal, socket)
    await once(socket, 'readable')
    if (n % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
    await once(socket, 'close')
  }
  t.equal((await getLeads(portal, 'max=1')).length, 1)
  t.equal(portal.requestCount, 21)
})
