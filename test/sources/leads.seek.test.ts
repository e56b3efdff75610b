import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import type { Position } from '../../lib/lead/Position.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Listed, listServer } from '../support/ListServer.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import {
  allLeads,
  bounds,
  guidsOf,
  pivotNames,
  pivots,
  portalOf,
  readLeads,
  sortedByPivot,
} from '../support/pivots.ts'
import { serveLeads } from '../support/serveLeads.ts'

const sorted = (list: readonly Lead[]) => guidsOf(list).sort()

for (const startTime of bounds) {
  for (const stopTime of bounds) {
    t.test(
      `seek paging: startTime is exclusive and stopTime inclusive, even if the portal differs: ${startTime}, ${stopTime}`,
      async t => {
        const portal = await portalOf(t, { startTime, stopTime })
        for (const timePivot of pivotNames) {
          const pivot = pivots[timePivot]
          const times = sortedByPivot(allLeads, timePivot)
            .map(pivot)
            .filter(time => time > 0)
          const [from, to] = [times[Math.floor(times.length / 4)], times[Math.floor((3 * times.length) / 4)]]
          // How a bound is found out does not depend on the pivot, so one pivot is enough for a single bound.
          const single = timePivot === 'insertedAt' ? [{ startTime: from }, { stopTime: to }] : []
          for (const query of [...single, { startTime: from, stopTime: to }]) {
            const received = await readLeads(t, portal, {
              ...query,
              timePivot,
              includeDeleted: true,
            } as LeadsQuery)
            const {
              startTime: after = Number.NEGATIVE_INFINITY,
              stopTime: until = Number.POSITIVE_INFINITY,
            } = query
            const expected = allLeads.filter(lead => pivot(lead) > after && pivot(lead) <= until)
            t.strictSame(
              guidsOf(received),
              guidsOf(sortedByPivot(expected, timePivot)),
              `${timePivot} ${JSON.stringify(query)}`,
            )
          }
          const none = await readLeads(t, portal, { startTime: to, stopTime: to, timePivot } as LeadsQuery)
          t.strictSame(none, [], 'a window from a time to the same time is empty')
        }
      },
    )
  }
}

t.test('seek paging: with every other parameter it finds the same leads as offset paging', async t => {
  const portal = await portalOf(t)
  const some = allLeads[5] as Lead
  for (const query of [
    {},
    { includeDeleted: true },
    { optOut: true },
    { eligibleForEmail: true },
    { bounced: true },
    { isNotImported: true },
    { excludeConversionEvents: true },
    { search: some.lastName ?? 'a' },
    { search: 'no lead is called like this' },
    { optOut: true, isNotImported: true, includeDeleted: true, search: 'e', timePivot: 'lastModifiedAt' },
    { eligibleForEmail: true, timePivot: 'closedAt', startTime: 1 },
  ] satisfies LeadsQuery[]) {
    const byOffset = await readLeads(t, portal, query, { paging: 'offset' })
    const bySeek = await readLeads(t, portal, query)
    t.strictSame(sorted(bySeek), sorted(byOffset), JSON.stringify(query))
    const { timePivot: name = 'insertedAt' }: LeadsQuery = query
    t.strictSame(guidsOf(bySeek), guidsOf(sortedByPivot(bySeek, name)))
    if ('excludeConversionEvents' in query) {
      t.ok(bySeek.every(lead => lead.leadConversionEvents?.length === 0))
    }
  }
})

/** Small leads at these times. */
const at = (...times: number[]) => times.map((insertedAt, index) => ({ guid: `g${index}`, insertedAt }))

t.test(
  "seek paging: the list ends at the server’s Date minus the lag, whatever the client's clock",
  async t => {
    const now = 1_600_000_000_000
    const list = at(now - 70_000, now - 60_000, now - 59_999, now, now + 5_000)
    const portal = await portalOf(t, { leads: list, now: () => now })
    for (const time of [0, now - 86_400_000, now, now + 86_400_000]) {
      const clock = new FakeClock()
      clock.time = time
      const client = openClient(t, portal.origin, { accessToken: portal.accessToken }, clock)
      const guids = async (options: LeadsOptions) => guidsOf(await leads(client, options).toArray())
      t.strictSame(await guids({}), ['g0', 'g1'])
      t.strictSame(await guids({ lag: 0 }), ['g0', 'g1', 'g2', 'g3'])
      t.strictSame(await guids({ lag: 59_999 }), ['g0', 'g1', 'g2'])
      t.strictSame(await guids({ lag: 70_001 }), [])
    }
  },
)

t.test('seek paging: the list ends at the Date of the first answer, however long reading takes', async t => {
  let now = 1_600_000_000_000
  const list = at(...Array.from({ length: 30 }, (_, index) => now - 100_000 + index))
  const portal = await portalOf(t, { leads: list, now: () => now })
  const client = openClient(t, portal.origin, { accessToken: portal.accessToken })
  const source = leads(client, { max: 5, lag: 0 })
  const guids: unknown[] = []
  for await (const { guid } of source) {
    guids.push(guid)
    now += 60_000
    portal.insert([{ guid: `late ${guids.length}`, insertedAt: now - 1 }])
  }
  t.strictSame(guids, guidsOf(list as Lead[]))
})

t.test('seek paging: the Age of an answer from a cache is added to its Date', async t => {
  const now = Date.now()
  const times = [now - 86_400_000 - 70_000, now - 3_600_000, now - 65_000, now - 1_000]
  const serveAt = listServer(
    times.map((time, index) => ({
      text: `{"guid":"g${index}","insertedAt":${time}}`,
      time,
      guid: `g${index}`,
    })),
    { startTime: 'exclusive', stopTime: 'inclusive' },
  )
  const { origin } = await listen(t, (request, response) => {
    t.equal(request.headers['cache-control'], 'no-cache')
    response.setHeader('date', new Date(now - 86_400_000).toUTCString()).setHeader('age', '86400')
    serveAt(request, response)
  })
  const clock = new FakeClock()
  clock.time = now
  const sink = toArray<Lead>({ max: 10 })
  const { source } = await run(leads(openClient(t, origin, {}, clock)), sink)
  t.strictSame(guidsOf(sink.records), ['g0', 'g1', 'g2'])
  t.notOk(source && 'clockDifference' in source)
})

t.test("seek paging: the report says how far the portal's clock is from this machine's", async t => {
  const now = 1_600_000_000_000
  const portal = await portalOf(t, { leads: at(now - 70_000), now: () => now })
  for (const difference of [-86_400_000, -60_000, -59_000, 0, 59_000, 60_000, 86_400_000]) {
    const clock = new FakeClock()
    clock.time = now - difference
    const client = openClient(t, portal.origin, { accessToken: portal.accessToken }, clock)
    const { source } = await run(leads(client), toArray({ max: 10 }))
    t.equal(source?.clockDifference, Math.abs(difference) < 60_000 ? undefined : difference)
  }
})

t.test('seek paging: an earlier stopTime is the end of the list', async t => {
  const now = 1_600_000_000_000
  const portal = await portalOf(t, { leads: at(now - 90_000, now - 80_000, now - 1), now: () => now })
  t.strictSame(guidsOf(await readLeads(t, portal, { stopTime: now - 85_000 })), ['g0'])
  t.strictSame(guidsOf(await readLeads(t, portal, { stopTime: now + 85_000 })), ['g0', 'g1'])
})

t.test('seek paging: leads with a pivot of 0 are first, by guid, and a startTime excludes them', async t => {
  const open = Array.from({ length: 350 }, (_, index) => ({ guid: `o${(index * 7919) % 350}`, closedAt: 0 }))
  const closed = [
    { guid: 'z', closedAt: 1_300_000_000_000 },
    { guid: 'b', closedAt: 1_300_000_000_001 },
    { guid: 'a', closedAt: 1_300_000_000_001 },
  ]
  const portal = await portalOf(t, { leads: [...open, ...closed] })
  const received = await readLeads(t, portal, { timePivot: 'closedAt' })
  t.strictSame(guidsOf(received), [...open.map(({ guid }) => guid).sort(), 'z', 'a', 'b'])
  t.strictSame(guidsOf(await readLeads(t, portal, { timePivot: 'closedAt', startTime: 0 })), ['z', 'a', 'b'])
})

t.test('seek paging: a query with a sort, an offset or a max of 1 is read by offset', async t => {
  const { origin, targets } = await serveLeads(t, [{ guid: 'b' }, { guid: 'a' }])
  const client = openClient(t, origin)
  for (const query of [
    { sort: 'email' },
    { dir: 'desc' },
    { offset: 0 },
    { max: 1 },
  ] satisfies LeadsQuery[]) {
    targets.length = 0
    t.strictSame(guidsOf(await leads(client, query).toArray()), ['b', 'a'], JSON.stringify(query))
    t.ok(targets.every(target => !target.includes('sort=guid')))
  }
  const other = await serveLeads(t, [{ guid: 'b' }, { guid: 'a' }])
  const bySeek = leads(openClient(t, other.origin)).toArray()
  t.match(await failureOf(bySeek), { code: 'PAGING' }, 'another query is read by seek')
  t.match(other.targets[0], /sort=insertedAt&dir=asc&max=100&timePivot=insertedAt$/)
})

t.test('seek paging: a query that cannot be read by seek is refused with the reason', async t => {
  const { origin, targets } = await serveLeads(t, [])
  const client = openClient(t, origin)
  const cases: [query: LeadsQuery, options: LeadsOptions, message: string | RegExp][] = [
    [{ sort: 'email' }, { paging: 'seek' }, /^leads\(\): sort: expected none with paging 'seek', received/],
    [{ dir: 'asc' }, { paging: 'seek' }, /^leads\(\): dir: expected none with paging 'seek', received/],
    [{ offset: 5 }, { paging: 'seek' }, /^leads\(\): offset: expected none with paging 'seek', received/],
    [{ max: 1 }, { paging: 'seek' }, /^leads\(\): max: expected 2 or more with paging 'seek'/],
    [{ guids: ['a'] }, { paging: 'seek' }, /^leads\(\): paging: expected none with guids/],
    [{ guids: ['a'] }, { paging: 'offset' }, /^leads\(\): paging: expected none with guids/],
    [
      { timePivot: 'firstConvertedAt', excludeConversionEvents: true },
      {},
      /^leads\(\): excludeConversionEvents: expected none with timePivot 'firstConvertedAt', received true; set paging to 'offset'/,
    ],
  ]
  for (const [query, options, message] of cases) {
    t.match(await failureOf(() => leads(client, { ...query, ...options })), { code: 'OPTION', message })
  }
  const byOffset = { timePivot: 'firstConvertedAt', excludeConversionEvents: true } as const
  t.strictSame(await leads(client, { ...byOffset, paging: 'offset' }).toArray(), [])
  t.strictSame(await leads(client, { excludeConversionEvents: true }).toArray(), [])
  t.ok(targets.length > 0)
})

t.test(
  'seek paging: leads without a guid or a time, and elements that are not leads, do not hide others',
  async t => {
    const list = [
      { insertedAt: 1_300_000_000_000 },
      ...at(1_300_000_000_000, 1_300_000_000_001),
      { guid: 'no time' },
      { guid: 'null', insertedAt: null },
      { guid: 'half', insertedAt: 1_300_000_000_000.5 },
      { email: 'neither' },
    ]
    const portal = await portalOf(t, { leads: list })
    for (const max of [100, 3]) {
      const received = await readLeads(t, portal, { max })
      t.strictSame(
        received.map(lead => JSON.stringify(lead)).sort(),
        list.map(lead => JSON.stringify(lead)).sort(),
      )
    }
  },
)

for (const absent of [0, 1, 99, 100, 300]) {
  t.test(
    `seek paging: a server that lists leads without a time in no range: ${absent} of them are never lost silently`,
    async t => {
      const list: Listed[] = [
        ...Array.from({ length: absent }, (_, n) => {
          const guid = `a${String(n).padStart(3, '0')}`
          return { text: JSON.stringify({ guid }), time: Number.NEGATIVE_INFINITY, guid }
        }),
        ...Array.from({ length: 20 }, (_, n) => {
          const [guid, closedAt] = [`b${n}`, 1_300_000_000_000 + n]
          return { text: JSON.stringify({ guid, closedAt }), time: closedAt, guid }
        }),
      ]
      const { origin } = await listen(t, listServer(list, { startTime: 'exclusive', stopTime: 'inclusive' }))
      const client = openClient(t, origin)
      const read = (from?: Position) => leads(client, { timePivot: 'closedAt', from })
      if (absent >= 100) {
        await t.rejects(read().toArray(), {
          code: 'PAGING',
          message:
            "the server returns leads without closedAt, but not if they are requested by time; set paging to 'offset' to read this list",
        })
        return
      }
      t.equal((await read().toArray()).length, absent + 20)
      const first = read()
      let count = 0
      for await (const _ of first) {
        count += 1
        if (count === 10) break
      }
      t.equal(
        (await read(first.position).toArray()).length,
        absent + 10,
        'the resumed source delivers the rest',
      )
    },
  )
}

t.test(
  'seek paging: a page whose closing bracket arrives after its last lead is read to its end',
  async t => {
    const list: Listed[] = Array.from({ length: 400 }, (_, n) => {
      const time = 1_300_000_000_000 + 1_000 * n
      return { text: JSON.stringify({ guid: `g${n}`, insertedAt: time }), time, guid: `g${n}` }
    })
    const serve = listServer(list, { startTime: 'exclusive', stopTime: 'inclusive' })
    const { origin, connections } = await listen(t, (request, response) => {
      // The leads first, and the bracket after they were sent.
      const end = response.end.bind(response)
      response.end = ((text: string) => {
        response.write(text.slice(0, -1), () => setImmediate(() => end(text.slice(-1))))
        return response
      }) as typeof response.end
      serve(request, response)
    })
    const client = openClient(t, origin, { concurrency: 4 })
    for (const max of [3, 4, 5, 6, 7, 8, 9, 10, 20]) {
      const report = await run(leads(client, { max }), toArray({ max: 1_000 }))
      t.equal(report.records, 400, `${max} leads a page`)
    }
    t.ok((await connections()) <= 4, 'no connection was closed because of a bracket')
  },
)
