import { deepStrictEqual } from 'node:assert/strict'
import t, { type Test } from 'tap'
import type { LeadsClient } from '../../lib/client/LeadsClient.ts'
import type { LeadsQuery } from '../../lib/model/LeadsQuery.ts'
import type { GuidsPosition, Position } from '../../lib/model/Position.ts'
import { leads } from '../../lib/source/leads.ts'
import type { LeadsOptions } from '../../lib/source/options.ts'
import { chanceOf } from '../support/chanceOf.ts'
import { type Drifting, DriftingPortal, type DriftOptions } from '../support/DriftingPortal.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

const throughJson = (position: Position): Position => JSON.parse(JSON.stringify(position))

interface Part {
  guids: string[]
  position: Position
}

/** Reads so many leads, then leaves the loop. */
async function readSome(
  client: LeadsClient,
  query: LeadsQuery,
  options: LeadsOptions,
  count: number,
): Promise<Part> {
  const source = leads(client, query, options)
  const guids: string[] = []
  if (count > 0) {
    for await (const { guid } of source) {
      guids.push(guid)
      if (guids.length === count) break
    }
  }
  return { guids, position: throughJson(source.position) }
}

/** Breaks the loop at every lead there is, and goes on; says where the parts are not the whole. */
async function breakEverywhere(
  client: LeadsClient,
  query: () => LeadsQuery,
  expected: readonly string[],
  options: LeadsOptions = {},
): Promise<void> {
  for (let count = 0; count <= expected.length; count += 1) {
    const { guids, position } = await readSome(client, query(), options, count)
    deepStrictEqual(position.leads, count)
    const rest = await readSome(client, query(), { ...options, from: position }, Number.POSITIVE_INFINITY)
    const whole = [...guids, ...rest.guids]
    deepStrictEqual(whole, expected, `left at ${count} of ${expected.length}: ${JSON.stringify(position)}`)
    deepStrictEqual(rest.position.leads, expected.length)
  }
}

/** Leads with so many of each time, one time after the other. */
function tied(...counts: number[]): Drifting[] {
  const chance = chanceOf(counts.length)
  return counts.flatMap((count, time) =>
    Array.from({ length: count }, (_, n) => ({
      guid: `${Math.floor(chance() * 1e6)}-${n}`,
      insertedAt: 1_300_000_000_000 + time,
      isDeleted: false,
    })),
  )
}

const inOrder = (list: readonly Drifting[]) =>
  list.toSorted((a, b) => a.insertedAt - b.insertedAt || (a.guid < b.guid ? -1 : 1)).map(({ guid }) => guid)

const still: DriftOptions = {
  startTime: 'exclusive',
  stopTime: 'inclusive',
  cap: 100,
  reorder: true,
  cuts: 0,
  drift: () => {},
}

function drifting(t: Test, list: readonly Drifting[], options: Partial<DriftOptions> = {}) {
  return new DriftingPortal(list, { ...still, ...options }, chanceOf(3)).start(t)
}

for (const startTime of ['inclusive', 'exclusive'] as const) {
  for (const stopTime of ['inclusive', 'exclusive'] as const) {
    t.test(`seek: left at any lead, it goes on behind it (bounds ${startTime}, ${stopTime})`, async t => {
      // Ties that fit into a page, that fill it, that are larger, at both ends and side by side.
      const list = tied(2, 1, 1, 4, 3, 1, 9, 5, 1, 1, 6)
      for (const concurrency of [1, 3]) {
        const portal = await drifting(t, list, { startTime, stopTime })
        const client = openClient(t, portal.origin, { concurrency })
        await breakEverywhere(client, () => ({ max: 4 }), inOrder(list))
      }
    })
  }
}

t.test('seek: what is inserted, deleted and moved elsewhere meanwhile disturbs no restart', async t => {
  const list = tied(3, 1, 1, 7, 1, 2, 12, 1, 1, 1)
  const steady = inOrder(list)
  for (const concurrency of [1, 3]) {
    let made = 0
    const portal = await drifting(t, list, {
      drift(own) {
        made += 1
        if (made > 2_000) return
        const { insertedAt } = list[made % list.length] as Drifting
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
      deepStrictEqual(new Set(whole).size, whole.length, 'none twice')
      deepStrictEqual(
        whole.filter(guid => known.has(guid)),
        steady,
        `left at ${count}`,
      )
    }
  }
})

t.test('seek: a restart keeps to the window of time of the first start', async t => {
  const list = tied(1, 1, 1)
  const late = { guid: 'late', insertedAt: 3_999_999_999_000, isDeleted: false }
  const portal = await drifting(t, list)
  const client = openClient(t, portal.origin)
  const { guids, position } = await readSome(client, {}, {}, 1)
  portal.insert(late)
  t.match(position, { paging: 'seek', stopTime: portal.now - 60_000 })
  const later = await readSome(client, {}, { from: position, lag: 0 }, Number.POSITIVE_INFINITY)
  t.strictSame([...guids, ...later.guids], inOrder(list))
  const anew = await readSome(client, {}, { lag: 0 }, Number.POSITIVE_INFINITY)
  t.strictSame(anew.guids, [...inOrder(list), 'late'])
})

t.test('offset: left at any lead, it goes on behind it', async t => {
  const list = Array.from({ length: 23 }, (_, n) => ({ guid: `lead ${n}` }))
  const { origin } = await serveLeads(t, list)
  const guids = list.map(({ guid }) => guid)
  for (const concurrency of [1, 3]) {
    const client = openClient(t, origin, { concurrency })
    await breakEverywhere(client, () => ({ max: 5 }), guids, { paging: 'offset' })
    await breakEverywhere(client, () => ({ max: 5, offset: 3 }), guids.slice(3))
  }
})

t.test('guids: left at any lead, it goes on with those that are not here yet', async t => {
  const guids = Array.from({ length: 17 }, (_, n) => `g${n}`)
  for (const cap of [2, 100]) {
    const { origin } = await listen(t, (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x')
      const asked = [...searchParams].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
      response.end(JSON.stringify(asked.slice(0, cap).map(guid => ({ guid }))))
    })
    const client = openClient(t, origin)
    async function* streamed() {
      // Given twice, each is asked for once all the same.
      for (const guid of guids) yield* [guid, guid]
    }
    for (const given of [() => guids, streamed]) {
      await breakEverywhere(client, () => ({ guids: given(), max: 5 }), guids)
    }
  }
})

t.test('guids: a position is refused with others than it is of, as far as they were taken', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x')
    const asked = [...searchParams].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
    response.end(JSON.stringify(asked.map(guid => ({ guid }))))
  })
  const client = openClient(t, origin)
  const guids = Array.from({ length: 12 }, (_, n) => `g${n}`)
  const { position } = await readSome(client, { guids, max: 5 }, { readAhead: 0 }, 7)
  t.match(position, { guids: 10, pending: ['g7', 'g8', 'g9'], digest: /^[0-9a-f]{64}$/ })
  targets.length = 0
  for (const others of [guids.toReversed(), guids.slice(0, 9), ['g', ...guids]]) {
    t.match(await failureOf(leads(client, { guids: others, max: 5 }, { from: position }).toArray()), {
      code: 'OPTION',
      message:
        'leads() options: from: expected a position of the same guids in the same order, received one whose first 10 are others',
      context: { owner: 'leads() options', option: 'from' },
    })
  }
  t.strictSame(targets, [])
  // Those behind are the user's affair, and so are those of a position without a digest.
  const rest = ['g7', 'g8', 'g9', 'new']
  const more = [...guids.slice(0, 10), 'new']
  const guidsFrom = async (from: Position) =>
    (await readSome(client, { guids: more, max: 5 }, { from }, Number.POSITIVE_INFINITY)).guids
  t.strictSame(await guidsFrom(position), rest)
  const { digest: _, ...own } = position as GuidsPosition
  t.strictSame(await guidsFrom({ ...own, guids: 10 }), rest)
})

t.test('the limit counts over both parts', async t => {
  const list = tied(2, 5, 1, 3)
  const portal = await drifting(t, list)
  const client = openClient(t, portal.origin)
  await breakEverywhere(client, () => ({ max: 3 }), inOrder(list).slice(0, 7), { limit: 7 })
  const { origin } = await serveLeads(t, list)
  const guids = list.map(({ guid }) => guid).slice(0, 7)
  await breakEverywhere(openClient(t, origin), () => ({ max: 3 }), guids, { limit: 7, paging: 'offset' })
})

t.test('the position is behind the last lead that was read, not behind what was read ahead', async t => {
  const list = tied(1, 1, 1, 1, 1, 1, 1, 1)
  const portal = await drifting(t, list)
  const source = leads(openClient(t, portal.origin))
  t.match(source.position, { paging: 'seek', timePivot: 'insertedAt', leads: 0 })
  let count = 0
  for await (const { guid, insertedAt } of source) {
    count += 1
    t.match(source.position, { leads: count, guid, pivot: insertedAt })
  }
  t.equal(count, 8)
})

t.test('a source that goes on and is left before its first lead is where it was', async t => {
  const portal = await drifting(t, tied(3, 3))
  const client = openClient(t, portal.origin)
  const { position } = await readSome(client, { max: 2 }, {}, 2)
  t.strictSame(throughJson(leads(client, { max: 2 }, { from: position }).position), position)
})

t.test('from chooses the paging; one of another paging is refused', async t => {
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
    t.match(await failureOf(() => leads(client, query, options)), {
      code: 'OPTION',
      message: `leads() options: from: expected a position of ${expected} paging`,
    })
  }
})

t.test('a position that is none is refused at once', async t => {
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
    const error = await failureOf(() => leads(client, query, { from } as unknown as LeadsOptions))
    t.match(error, { code: 'OPTION', message: /^leads\(\) options: from: / }, JSON.stringify(from))
  }
  t.strictSame(targets, [])
})
