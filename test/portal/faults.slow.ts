import t from 'tap'
import type { PortalOptions } from '../../lib/portal/index.ts'
import { getList } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test('a share hits about so many, and the same ones for the same seed', async t => {
  const course = async (options: PortalOptions) => {
    const portal = await startPortal(t, {
      leads: [],
      faults: '20%:status=503; 5%:status=500; GET:delay=0',
      ...options,
    })
    for (let n = 0; n < 150; n++) await getList(portal)
    return portal.requests.map(({ status }) => status)
  }
  const first = await course({})
  const hits = first.filter(status => status === 503).length
  t.ok(hits > 15 && hits < 45, String(hits))
  t.same(await course({ seed: 1 }), first, 'the default seed is 1')
  t.same(await course({ faultSeed: 1, seed: 7 }), first)
  t.not((await course({ seed: 2 })).join(), first.join())
  const more = await course({ faults: '20%:status=503; 5%:status=501; 5%:reset' })
  t.same(
    more.map(status => status === 503),
    first.map(status => status === 503),
    'rules draw for themselves',
  )
})

t.test('leads that a fault inserts are none of those that are there, whatever the seeds', async t => {
  for (const [seed, faultSeed] of [
    [1, 1],
    [2, 1],
    [4, 4],
  ] as const) {
    const portal = await startPortal(t, { leads: 2_000, seed, faultSeed, faults: '*:insert=50; *:insert=50' })
    for (let n = 0; n < 10; n++) t.equal((await getList(portal, 'max=1')).status, 200, `${seed} ${faultSeed}`)
    t.equal(portal.leads, 3_000)
  }
})
