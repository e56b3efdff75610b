import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { getLeads } from './helpers/getList.ts'

t.test('close() finishes with connections open, idle ones and one that stalls in a page', async t => {
  const lead = { guid: 'a', message: 'x'.repeat(20_000_000) }
  const portal = await createPortal({ leads: [lead] })
  const port = Number(new URL(portal.origin).port)
  const idle = connect(port, '127.0.0.1')
  await once(idle, 'connect')
  const stalled = connect(port, '127.0.0.1')
  stalled.write(`GET /leads/v1/list?access_token=${portal.accessToken} HTTP/1.1\r\nHost: portal\r\n\r\n`)
  await once(stalled, 'readable')
  const ends = [idle, stalled].map(socket => once(socket.on('error', () => {}).resume(), 'close'))
  await portal.close()
  await Promise.all(ends)
  await t.rejects(fetch(portal.origin))
})

t.test('close() twice, and at once, is one closing', async t => {
  const portal = await createPortal({ leads: 10 })
  const first = portal.close()
  t.equal(portal.close(), first)
  await first
  await portal.close()
  await portal[Symbol.asyncDispose]()
})

t.test('await using closes the portal', async t => {
  let origin: string
  {
    await using portal = await createPortal({ leads: 10 })
    origin = portal.origin
    t.equal((await getLeads(portal, 'includeDeleted=true')).length, 10)
  }
  await t.rejects(fetch(origin))
})

t.test('the process exits when its portal is closed, though a client keeps its connection', async t => {
  const script = `
    import { connect } from 'node:net'
    import { createPortal } from ${JSON.stringify(new URL('../../lib/portal/index.ts', import.meta.url).href)}
    const portal = await createPortal({ leads: 10 })
    const socket = connect(new URL(portal.origin).port, '127.0.0.1', async () => {
      socket.on('error', () => {})
      await portal.close()
      console.log('closed')
    })`
  const child = spawn(
    process.execPath,
    ['--import', fileURLToPath(import.meta.resolve('tsx')), '--input-type=module', '-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [[output], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')])
  t.equal(String(output), 'closed\n')
  t.equal(code, 0)
})
