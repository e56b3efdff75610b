import t from 'tap'
import { getLeads } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test('requests tells method, URL, status and time of what was answered, oldest first', async t => {
  const portal = await startPortal(t, { leads: [], now: () => 5 })
  await fetch(`${portal.origin}/nowhere`, { method: 'PUT' })
  await getLeads(portal, 'max=1')
  const list = `/leads/v1/list?access_token=${portal.accessToken}&max=1`
  t.same(portal.requests, [
    { method: 'PUT', url: '/nowhere', status: 404, at: 5 },
    { method: 'GET', url: list, status: 200, at: 5 },
  ])
})

t.test('requests keeps the last thousand, requestCount counts on', async t => {
  const portal = await startPortal(t, { leads: [] })
  const send = (n: number) => getLeads(portal, `n=${n}`)
  await send(0)
  const before = portal.requests
  for (let n = 1; n <= 1_000; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, place) => send(n + place)))
  }
  t.equal(portal.requestCount, 1_001)
  t.equal(portal.requests.length, 1_000)
  t.notMatch(portal.requests[0]?.url, /&n=0$/)
  t.equal(before.length, 1, 'what was handed out stays as it was')
})
