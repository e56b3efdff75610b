import t from 'tap'
import type { PortalOptions } from '../../lib/portal/index.ts'
import { getList } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test(
  'faults: a share hits about this share of the requests, and the same ones for the same seed',
  async t => {
    const statusesOf = async (options: PortalOptions) => {
      const portal = await startPortal(t, {
        leads: [],
        faults: '20%:status=503; 5%:status=500; GET:delay=0',
        ...options,
      })
      for (let n = 0; n < 150; n++) await getList(portal)
      return portal.requests.map(({ status }) => status)
    }
    const first = await statusesOf({})
    const hits = first.filter(status => status === 503).length
    t.ok(hits > 15 && hits < 45, String(hits))
    t.same(await statusesOf({ seed: 1 }), first, 'the default seed is 1')
    t.same(await statusesOf({ faultSeed: 1, seed: 7 }), first)
    t.not((await statusesOf({ seed: 2 })).join(), first.join())
    const more = await statusesOf({ faults: '20%:status=503; 5%:status=501; 5%:reset' })
    t.same(
      more.map(status => status === 503),
      first.map(status => status === 503),
      'each rule draws independently',
    )
  },
)

t.test('faults: inserted leads differ from all existing ones, whatever the seeds', async t => {
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
