import t from 'tap'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import type { GuidsPosition, Position } from '../../lib/lead/Position.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { breakEverywhere, driftingPortal, guidsByTime, readSome, tied } from '../support/breakEverywhere.ts'
import { failureOf } from '../support/failureOf.ts'
import { jsonCopy } from '../support/jsonCopy.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

t.test('position: seek: a restart keeps the time window of the first start', async t => {
  const list = tied(1, 1, 1)
  const late = { guid: 'late', insertedAt: 3_999_999_999_000, isDeleted: false }
  const portal = await driftingPortal(t, list)
  const client = openClient(t, portal.origin)
  const { guids, position } = await readSome(client, {}, {}, 1)
  portal.insert(late)
  t.match(position, { paging: 'seek', stopTime: portal.now - 60_000 })
  const later = await readSome(client, {}, { from: position, lag: 0 }, Number.POSITIVE_INFINITY)
  t.strictSame([...guids, ...later.guids], guidsByTime(list))
  const again = await readSome(client, {}, { lag: 0 }, Number.POSITIVE_INFINITY)
  t.strictSame(again.guids, [...guidsByTime(list), 'late'])
})

t.test('position: guids: a position is refused with other guids than those that were taken', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    const requested = [...searchParams].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
    response.end(JSON.stringify(requested.map(guid => ({ guid }))))
  })
  const client = openClient(t, origin)
  const guids = Array.from({ length: 12 }, (_, n) => `g${n}`)
  const { position } = await readSome(client, { guids, max: 5 }, { readAheadBytes: 0 }, 7)
  t.match(position, { guids: 10, pending: ['g7', 'g8', 'g9'], digest: /^[0-9a-f]{64}$/ })
  targets.length = 0
  for (const others of [guids.toReversed(), guids.slice(0, 9), ['g', ...guids]]) {
    t.match(await failureOf(leads(client, { guids: others, max: 5, from: position }).toArray()), {
      code: 'OPTION',
      message:
        'leads(): from: expected a position of the same guids in the same order, received one whose first 10 guids are different',
      context: { owner: 'leads()', option: 'from' },
    })
  }
  t.strictSame(targets, [])
  // Later guids may differ, and all may with a position without a digest.
  const rest = ['g7', 'g8', 'g9', 'new']
  const more = [...guids.slice(0, 10), 'new']
  const guidsFrom = async (from: Position) =>
    (await readSome(client, { guids: more, max: 5 }, { from }, Number.POSITIVE_INFINITY)).guids
  t.strictSame(await guidsFrom(position), rest)
  const { digest: _, ...own } = position as GuidsPosition
  t.strictSame(await guidsFrom({ ...own, guids: 10 }), rest)
})

t.test('position: the limit counts the leads of all starts', async t => {
  const list = tied(2, 5, 1, 3)
  const portal = await driftingPortal(t, list)
  const client = openClient(t, portal.origin)
  await breakEverywhere(client, () => ({ max: 3 }), guidsByTime(list).slice(0, 7), { limit: 7 })
  const { origin } = await serveLeads(t, list)
  const guids = list.map(({ guid }) => guid).slice(0, 7)
  await breakEverywhere(openClient(t, origin), () => ({ max: 3 }), guids, { limit: 7, paging: 'offset' })
})

t.test('position: it is after the last lead that was read, not after leads that were read ahead', async t => {
  const list = tied(1, 1, 1, 1, 1, 1, 1, 1)
  const portal = await driftingPortal(t, list)
  const source = leads(openClient(t, portal.origin))
  t.match(source.position, { paging: 'seek', timePivot: 'insertedAt', leads: 0 })
  let count = 0
  for await (const { guid, insertedAt } of source) {
    count += 1
    t.match(source.position, { leads: count, guid, pivot: insertedAt })
  }
  t.equal(count, 8)
})

t.test('position: a resumed source that is left before its first lead keeps its position', async t => {
  const portal = await driftingPortal(t, tied(3, 3))
  const client = openClient(t, portal.origin)
  const { position } = await readSome(client, { max: 2 }, {}, 2)
  t.strictSame(jsonCopy(leads(client, { max: 2, from: position }).position), position)
})

t.test('position: `from` chooses the paging, and a position of another paging is refused', async t => {
  const { origin } = await serveLeads(t, [{ guid: 'a' }, { guid: 'b' }])
  const client = openClient(t, origin)
  const offset: Position = { paging: 'offset', leads: 1, offset: 1 }
  t.strictSame((await readSome(client, {}, { from: offset }, 9)).guids, ['b'])
  const seek: Position = { paging: 'seek', leads: 1, timePivot: 'insertedAt' }
  const guids: Position = { paging: 'guids', leads: 1, guids: 1, pending: [], missing: 0 }
  const cases: [query: LeadsQuery, options: LeadsOptions, expected: string][] = [
    [{}, { from: guids }, 'seek'],
    [{}, { from: offset, paging: 'seek' }, 'seek'],
    [{}, { from: seek, paging: 'offset' }, 'offset'],
    [{ sort: 'email' }, { from: seek }, 'offset'],
    [{ guids: ['a'] }, { from: seek }, 'guids'],
    [{ guids: ['a'] }, { from: offset }, 'guids'],
  ]
  for (const [query, options, expected] of cases) {
    t.match(await failureOf(() => leads(client, { ...query, ...options })), {
      code: 'OPTION',
      message: `leads(): from: expected a position of ${expected} paging`,
    })
  }
})

t.test('position: anything but a position is refused at once', async t => {
  const { origin, targets } = await serveLeads(t, [])
  const client = openClient(t, origin)
  for (const from of [
    null,
    'a',
    7,
    [],
    {},
    { paging: 'seek' },
    { paging: 'offset', leads: -1 },
    { paging: 'offset', leads: 0.5, offset: 0 },
    { paging: 'offset', leads: 0, offset: -1 },
    { paging: 'offset', leads: 0, offset: '3' },
    { paging: 'offset', leads: 0 },
    { paging: 'guids', leads: 0, guids: 1 },
    { paging: 'guids', leads: 0, guids: 1, pending: 'a' },
    { paging: 'guids', leads: 0, guids: 1, pending: [1] },
    { paging: 'guids', leads: 0, guids: 1, pending: [], missing: 0, digest: 'abc' },
    { paging: 'seek', leads: 0 },
    { paging: 'seek', leads: 0, timePivot: 'colour' },
    { paging: 'seek', leads: 0, timePivot: 'lastModifiedAt' },
    { paging: 'seek', leads: 0, timePivot: 'insertedAt', pivot: 'x' },
    { paging: 'seek', leads: 0, timePivot: 'insertedAt', guid: 5 },
    { paging: 'seek', leads: 0, timePivot: 'insertedAt', others: 'x' },
    { paging: 'seek', leads: 0, timePivot: 'insertedAt', more: 1 },
  ]) {
    const query = (from as { paging?: string } | null)?.paging === 'guids' ? { guids: ['a'] } : {}
    const error = await failureOf(() => leads(client, { ...query, ...({ from } as unknown as LeadsOptions) }))
    t.match(error, { code: 'OPTION', message: /^leads\(\): from: / }, JSON.stringify(from))
  }
  t.strictSame(targets, [])
})
