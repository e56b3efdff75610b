import fc from 'fast-check'
import t from 'tap'
import { compareIds } from '../../../lib/crm/recordId.ts'
import type { SearchOptions } from '../../../lib/paging/crm/searchPlan.ts'
import { CrmSearch, type Modified } from '../../support/CrmSearch.ts'
import { ids, now, origin, readSearch } from '../../support/readSearch.ts'
import { seededRandom } from '../../support/seededRandom.ts'

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

const runs = Number(process.env.RUNS ?? 1_000)
t.setTimeout(300_000 + runs * 100)

t.test(
  'searchPlan: whatever changes between requests, each record that stays as it is comes once and in order',
  async () => {
    await fc.assert(fc.asyncProperty(courses, readAndCheck), { numRuns: runs, endOnFailure: true })
  },
)
