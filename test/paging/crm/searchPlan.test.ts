import fc from 'fast-check'
import t from 'tap'
import { compareIds } from '../../../lib/crm/recordId.ts'
import { noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import { type SearchOptions, searchPlan } from '../../../lib/paging/crm/searchPlan.ts'
import { readAll } from '../../support/CrmList.ts'
import { asText, CrmSearch, type Modified, type SearchFaults } from '../../support/CrmSearch.ts'
import { failureOf } from '../../support/failureOf.ts'
import { seededRandom } from '../../support/seededRandom.ts'

const origin = 1_300_000_000_000
const now = origin + 1_000_000_000
const lag = 1_000

/** Reads the records by search, in pages of 5 ids within the first 40. */
async function readSearch(
  search: CrmSearch,
  given: Partial<SearchOptions> = {},
  reading: Parameters<typeof readAll>[2] = {},
) {
  const counts = { ...noBatchCounts(), outside: 0, repeated: 0, unlisted: 0 }
  const records = {
    ...{ byId: true, maxIds: 4, associations: [], hidesMergedIds: false, counts, urlOf: () => 'http://crm' },
  }
  const plan = searchPlan({ property: 'time', lag, pageSize: 5, reach: 40, records, ...given })
  const source = search.pages(time => plan.answered(time))
  const read = await readAll(plan, source, reading)
  return {
    ...read,
    counts,
    positions: read.cursors.map(cursor => ({ records: 0, ...plan.position(cursor) })),
  }
}

/** Records at the times that the numbers say, after the origin. */
function searchOf(times: readonly number[], faults?: SearchFaults): CrmSearch {
  const search = new CrmSearch(now, 40, faults)
  for (const [index, time] of times.entries()) search.add(String(index + 1), origin + time)
  return search
}

const ids = (records: readonly Modified[]) => records.map(({ id }) => id)

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
    const times = Array.from({ length: 3_000 }, () => 5)
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
      if (faults.filterIds === undefined) t.strictSame(received.slice(0, 3_000), ids(search.ordered))
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

interface Course {
  /** Records at each time, and milliseconds between two times. */
  ties: number[]
  gaps: number[]
  seed: number
  width: number
  /** Changes of each kind per 10 requests. */
  creates: number
  updates: number
  archives: number
  merges: number
  unarchives: number
  order: 'time' | 'none'
  cuts: number
  shorts: number
  outside: number
  lost: number
  /** After how many records the list is left, for each start. */
  leave: number[]
}

const courses: fc.Arbitrary<Course> = fc.record({
  ties: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 120 }) },
    ),
    { maxLength: 120 },
  ),
  gaps: fc.array(fc.constantFrom(1, 1, 7, 1_000, 1_000_000), { minLength: 1, maxLength: 5 }),
  seed: fc.nat(),
  width: fc.integer({ min: 1, max: 5 }),
  creates: fc.constantFrom(0, 3, 20),
  updates: fc.constantFrom(0, 0, 1, 5),
  archives: fc.constantFrom(0, 0, 1, 3),
  merges: fc.constantFrom(0, 0, 1, 3),
  unarchives: fc.constantFrom(0, 1, 3),
  order: fc.constantFrom('time', 'time', 'none'),
  cuts: fc.constantFrom(0, 0, 0.2),
  shorts: fc.constantFrom(0, 0, 0.2),
  outside: fc.constantFrom(0, 0, 0.2),
  lost: fc.constantFrom(0, 0, 0.2),
  leave: fc.array(fc.nat({ max: 80 }), { maxLength: 4 }),
})

/** Reads all records of a course, while they change, and checks what was delivered. */
async function readAndCheck(course: Course): Promise<void> {
  const chance = seededRandom(course.seed)
  const hash = ({ id }: Modified) => (Number(id) * 7_919) % 1_009
  const search = new CrmSearch(now, 40, {
    ...(course.order === 'none' ? { order: (a: Modified, b: Modified) => hash(a) - hash(b) } : {}),
    text: whole => (chance() < course.cuts ? whole.slice(0, Math.ceil(whole.length * chance())) : whole),
    isShort: () => chance() < course.shorts,
    outside: () => (chance() < course.outside ? 2 : 0),
    lost: () => chance() < course.lost,
    before: change,
  })
  let time = origin
  let lastId = 0
  for (const [index, count] of course.ties.entries()) {
    time += course.gaps[index % course.gaps.length] ?? 1
    for (let n = 0; n < count; n += 1) {
      lastId += Math.ceil(chance() * 20)
      search.add(String(lastId), time)
    }
  }
  for (const record of search.records.values()) record.archived = chance() < 0.05
  const steady = new Set(ids([...search.records.values()].filter(({ archived }) => !archived)))

  /** Changes some records; a record that is not in `steady` any more may be missing, or be in the list once more. */
  function change(): void {
    search.now += 10
    const pick = (): Modified | undefined => {
      const all = [...search.records.values()]
      const picked = all[Math.floor(chance() * all.length)]
      if (picked !== undefined) steady.delete(picked.id)
      return picked
    }
    const times = (perTen: number) => Math.floor(perTen / 10 + chance())
    const nextId = () => {
      lastId += 3
      return String(lastId)
    }
    for (let n = times(course.creates); n > 0; n -= 1) search.add(nextId(), search.now)
    for (let n = times(course.updates); n > 0; n -= 1) Object.assign(pick() ?? {}, { time: search.now })
    for (let n = times(course.archives); n > 0; n -= 1) Object.assign(pick() ?? {}, { archived: true })
    for (let n = times(course.unarchives); n > 0; n -= 1) {
      const archived = [...search.records.values()].filter(record => record.archived)
      Object.assign(archived[Math.floor(chance() * archived.length)] ?? {}, { archived: false })
    }
    for (let n = times(course.merges); n > 0; n -= 1) {
      const [a, b] = [pick(), pick()]
      if (a !== undefined && b !== undefined && a !== b) search.merge(a.id, b.id, nextId())
    }
  }

  const received: string[] = []
  const places: { time: number; id?: string }[] = []
  let from: SearchOptions['from']
  for (const stopAfter of [...course.leave, Number.POSITIVE_INFINITY]) {
    const { width } = course
    const options = { pageSize: 10, ...(from === undefined ? {} : { from }) }
    const read = await readSearch(search, options, { width, stopAfter: Math.max(1, stopAfter) })
    received.push(...read.ids)
    places.push(...read.cursors)
    from = JSON.parse(JSON.stringify(read.positions.at(-1) ?? from ?? null)) ?? undefined
    const { asked, answered, merged, gone } = read.counts
    if (asked !== answered + merged + gone) throw new Error(`counts: ${JSON.stringify(read.counts)}`)
  }
  for (const [index, { time, id = '' }] of places.entries()) {
    const before = places[index - 1]
    if (before === undefined) continue
    const isLater = time > before.time || (time === before.time && compareIds(id, before.id ?? '') > 0)
    if (!isLater) throw new Error(`${time} ${id} after ${before.time} ${before.id}`)
  }
  const lost = [...steady].filter(id => !received.includes(id))
  if (lost.length > 0) throw new Error(`lost ${lost.length} of ${steady.size}: ${lost[0]}`)
  const twice = [...steady].filter(id => received.indexOf(id) !== received.lastIndexOf(id))
  if (twice.length > 0) throw new Error(`twice: ${twice.join()}`)
}

const runs = Number(process.env.RUNS ?? 60)
t.setTimeout(60_000 + runs * 1_000)

t.test(
  'searchPlan: whatever changes between requests, each record that stays as it is comes once and in order',
  async () => {
    await fc.assert(fc.asyncProperty(courses, readAndCheck), { numRuns: runs, endOnFailure: true })
  },
)
