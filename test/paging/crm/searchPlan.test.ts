import t from 'tap'
import type { SearchOptions } from '../../../lib/paging/crm/searchPlan.ts'
import { asText, type Modified, type SearchFaults } from '../../support/CrmSearch.ts'
import { failureOf } from '../../support/failureOf.ts'
import { ids, lag, now, origin, readSearch, searchOf } from '../../support/readSearch.ts'

t.test('searchPlan: a list that fits into a page takes one search and one batch read', async t => {
  const search = searchOf([3, 1, 2, 2])
  const { ids, counts } = await readSearch(search)
  t.strictSame(ids, ['2', '3', '4', '1'])
  t.strictSame([search.count('search'), search.count('records')], [1, 1])
  t.match(counts, { asked: 4, answered: 4, outside: 0, repeated: 0, unlisted: 0 })
})

t.test('searchPlan: bounds: after modifiedAfter, up to modifiedBefore, not within the lag', async t => {
  const search = searchOf([1, 2, 3, 4])
  search.add('9', now - lag)
  search.add('10', now - lag + 1)
  const read = async (options?: Partial<SearchOptions>) => (await readSearch(search, options)).ids
  t.strictSame(await read({ modifiedAfter: origin + 2 }), ['3', '4', '9'])
  t.strictSame(await read({ modifiedAfter: origin + 1, modifiedBefore: origin + 3 }), ['2', '3'])
  t.strictSame(await read({ modifiedBefore: now + 5 }), ['1', '2', '3', '4', '9'])
  t.strictSame(await read({ modifiedAfter: now }), [])
  t.strictSame(await read({ modifiedAfter: 0, lag: 0 }), ['1', '2', '3', '4', '9', '10'])
})

t.test('searchPlan: ranges are divided so that a search reaches all of them', async t => {
  for (const width of [1, 4]) {
    const search = searchOf(Array.from({ length: 1_000 }, (_, index) => index * 7))
    const { ids, counts } = await readSearch(search, {}, { width })
    t.strictSame(
      ids,
      Array.from({ length: 1_000 }, (_, index) => String(index + 1)),
    )
    t.match(counts, { outside: 0, repeated: 0, unlisted: 0 })
    // 35 of each range are before the page that divides it: 9 pages with their overlap, and 2 to divide it.
    const most = Math.ceil(1_000 / 35) * (9 + 2)
    t.ok(search.count('search') <= most, `${search.count('search')} searches, at most ${most}`)
  }
})

t.test('searchPlan: one millisecond with more records than a search reaches is read by ids', async t => {
  const times = [0, ...Array.from({ length: 700 }, () => 5), 6, ...Array.from({ length: 90 }, () => 9)]
  const search = searchOf(times)
  const { ids, positions } = await readSearch(search)
  t.strictSame(
    ids,
    Array.from({ length: times.length }, (_, index) => String(index + 1)),
  )
  for (const index of [0, 1, 50, 345, 700, 701, 790]) {
    const from = JSON.parse(JSON.stringify(positions[index]))
    t.strictSame((await readSearch(search, { from })).ids, ids.slice(index + 1), `after ${index + 1}`)
  }
})

t.test(
  'searchPlan: a server that compares ids as text ends the list with PAGING, also after a restart',
  async t => {
    const times = Array.from({ length: 1_100 }, () => 5)
    const semantics: SearchFaults[] = [
      { filterIds: asText },
      { sortIds: asText },
      { filterIds: asText, sortIds: asText },
    ]
    for (const faults of semantics) {
      const search = searchOf(times, faults)
      let from: SearchOptions['from']
      const received: string[] = []
      for (let start = 0; start < 3; start += 1) {
        const reading = readSearch(search, from && { from })
        // Only what a filter finds is needed: the order is not.
        if (faults.filterIds === undefined) received.push(...(await reading).ids)
        else t.match(await failureOf(reading), { code: 'PAGING', message: /the records of .*, ids / })
        from = { paging: 'search', records: 0, modifiedBefore: now - lag, time: origin + 5, id: '999' }
      }
      if (faults.filterIds === undefined) t.strictSame(received.slice(0, 1_100), ids(search.ordered))
    }
  },
)

t.test('searchPlan: a search that ignores its sort gives the same', async t => {
  const times = Array.from({ length: 600 }, (_, index) => Math.floor(index / 3) * 1_000)
  const hash = ({ id }: Modified) => (Number(id) * 7_919) % 1_009
  const search = searchOf(times, { order: (a, b) => hash(a) - hash(b) })
  const { ids: received, counts } = await readSearch(search)
  t.strictSame(received, ids(search.ordered))
  t.match(counts, { outside: 0, unlisted: 0 })
})
