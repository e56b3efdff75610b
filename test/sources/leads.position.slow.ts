import { deepStrictEqual } from 'node:assert/strict'
import t from 'tap'
import { breakEverywhere, driftingPortal, guidsByTime, readSome, tied } from '../support/breakEverywhere.ts'
import type { DriftingLead } from '../support/DriftingPortal.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

for (const startTime of ['inclusive', 'exclusive'] as const) {
  for (const stopTime of ['inclusive', 'exclusive'] as const) {
    t.test(
      `position: seek: after leaving at any lead, it continues there (bounds ${startTime}, ${stopTime})`,
      async t => {
        // Ties smaller than a page, as large, and larger; at both ends, and adjacent.
        const list = tied(2, 1, 1, 4, 3, 1, 9, 5, 1, 1, 6)
        for (const concurrency of [1, 3]) {
          const portal = await driftingPortal(t, list, { startTime, stopTime })
          const client = openClient(t, portal.origin, { concurrency })
          await breakEverywhere(client, () => ({ max: 4 }), guidsByTime(list))
        }
      },
    )
  }
}

t.test('position: seek: inserts, deletes and changes meanwhile do not disturb a restart', async t => {
  const list = tied(3, 1, 1, 7, 1, 2, 12, 1, 1, 1)
  const steady = guidsByTime(list)
  for (const concurrency of [1, 3]) {
    let made = 0
    const portal = await driftingPortal(t, list, {
      drift(own) {
        made += 1
        if (made > 2_000) return
        const { insertedAt } = list[made % list.length] as DriftingLead
        const guid = `${made}-inserted`
        own.insert({ guid, insertedAt, isDeleted: false })
        if (made > 3) own.change(`${made - 3}-inserted`, { isDeleted: true })
      },
    })
    const client = openClient(t, portal.origin, { concurrency })
    const known = new Set(steady)
    for (let count = 0; count <= steady.length; count += 1) {
      const { guids, position } = await readSome(client, { max: 4 }, {}, count)
      const rest = await readSome(client, { max: 4 }, { from: position }, Number.POSITIVE_INFINITY)
      const whole = [...guids, ...rest.guids]
      deepStrictEqual(new Set(whole).size, whole.length, 'no lead arrives twice')
      deepStrictEqual(
        whole.filter(guid => known.has(guid)),
        steady,
        `left at ${count}`,
      )
    }
  }
})

t.test('position: offset: after leaving at any lead, it continues there', async t => {
  const list = Array.from({ length: 23 }, (_, n) => ({ guid: `lead ${n}` }))
  const { origin } = await serveLeads(t, list)
  const guids = list.map(({ guid }) => guid)
  for (const concurrency of [1, 3]) {
    const client = openClient(t, origin, { concurrency })
    await breakEverywhere(client, () => ({ max: 5 }), guids, { paging: 'offset' })
    await breakEverywhere(client, () => ({ max: 5, offset: 3 }), guids.slice(3))
  }
})

t.test(
  'position: guids: after leaving at any lead, it continues with the guids that have not arrived',
  async t => {
    const guids = Array.from({ length: 17 }, (_, n) => `g${n}`)
    for (const cap of [2, 100]) {
      const { origin } = await listen(t, (request, response) => {
        const { searchParams } = new URL(request.url ?? '', 'http://x')
        const requested = [...searchParams]
          .filter(([name]) => name.startsWith('guids['))
          .map(([, guid]) => guid)
        response.end(JSON.stringify(requested.slice(0, cap).map(guid => ({ guid }))))
      })
      const client = openClient(t, origin)
      async function* streamed() {
        // Each guid is given twice, and requested once.
        for (const guid of guids) yield* [guid, guid]
      }
      for (const given of [() => guids, streamed]) {
        await breakEverywhere(client, () => ({ guids: given(), max: 5 }), guids)
      }
    }
  },
)
