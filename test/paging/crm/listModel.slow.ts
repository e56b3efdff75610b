import fc from 'fast-check'
import t from 'tap'
import type { CrmPosition, CursorPosition, IdPosition } from '../../../lib/crm/CrmPosition.ts'
import type { AnyRecord } from '../../../lib/crm/CrmRecord.ts'
import { compareIds, idAfter } from '../../../lib/crm/recordId.ts'
import { batchEquations, noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import type { CrmPlan, CrmRequest } from '../../../lib/paging/crm/CrmRequest.ts'
import { cursorPlan, idsOf, type PageCursor } from '../../../lib/paging/crm/cursorPlan.ts'
import type { IdCursor } from '../../../lib/paging/crm/IdPager.ts'
import { idRangePlan } from '../../../lib/paging/crm/idRangePlan.ts'
import { CrmList, readAll } from '../../support/CrmList.ts'
import { seededRandom } from '../../support/seededRandom.ts'

/* Everything that a list of records may meet, at the same time: small pages make many of it. */

interface Course {
  paging: 'id' | 'cursor'
  gaps: bigint[]
  repeat: number
  seed: number
  pageSize: number
  width: number
  byId: boolean
  associations: boolean
  passes: boolean[]
  /** The share of requests with a change before them, of pages that are short or empty, of lost ids, of cut bodies. */
  changes: number
  short: number
  lost: number
  cuts: number
  /** The numbers of records after which the reading is left, for each start. */
  leave: number[]
}

const changes = ['add', 'append', 'remove', 'archive', 'unarchive', 'merge'] as const

/** A list that changes, and the records that stayed in one of its two lists all the time. */
class Drift {
  readonly list: CrmList
  readonly steady = new Map<string, boolean>()
  readonly #chance: () => number
  readonly #course: Course
  #changes = 0

  constructor(course: Course) {
    this.#chance = seededRandom(course.seed)
    this.#course = course
    let id = BigInt(Math.floor(this.#chance() * 1e12))
    const ids = Array.from({ length: course.gaps.length * course.repeat }, (_, index) => {
      id += course.gaps[index % course.gaps.length] as bigint
      return String(id)
    })
    this.list = new CrmList(ids)
    this.list.associations = new Map(ids.map(id => [id, [id.slice(-6)]]))
    for (const record of this.list.records) {
      record.archived = this.#chance() < 0.2
      this.steady.set(record.id, record.archived)
    }
  }

  before(): void {
    // If records are added faster than they are read, the list never ends.
    if (this.#chance() >= this.#course.changes || this.#changes > 300) return
    this.#changes += 1
    const [one, other] = [this.#pick(), this.#pick()]
    const change = changes[Math.floor(this.#chance() * changes.length)]
    if (change === 'append') this.list.add(this.list.newId())
    if (one === undefined || other === undefined) return
    if (change === 'add') this.list.add(idAfter(one.id))
    if (change === 'remove') this.#leaves(one, () => this.list.remove(one.id))
    if (change === 'archive' || change === 'unarchive') {
      const archived = change === 'archive'
      // Pages that were answered keep what they had.
      if (one.archived !== archived) this.#leaves(one, () => this.#replace(one, archived))
    }
    if (change === 'merge' && one !== other && !one.archived && !other.archived) {
      this.#leaves(other, () => this.#leaves(one, () => this.list.merge(one.id, other.id)))
    }
  }

  /** The text of an answer: of a short page, with lost records, cut off. */
  text(whole: string, request: CrmRequest): string {
    const { short, lost, cuts } = this.#course
    const answer = JSON.parse(whole) as { results: AnyRecord[]; paging?: object }
    let { results, paging } = answer
    const [first] = results
    if (request.kind === 'list' && first !== undefined && this.#chance() < short) {
      // An empty page makes progress too: its next page begins later.
      const least = request.after === first.id ? 1 : 0
      results = results.slice(0, Math.max(least, Math.floor(this.#chance() * results.length)))
      const end = results.at(-1)?.id
      paging = { next: { after: end === undefined ? first.id : idAfter(end) } }
    }
    if (request.kind === 'records') results = results.filter(() => this.#chance() >= lost)
    const text = JSON.stringify({ ...answer, results, paging })
    return this.#chance() < cuts ? text.slice(0, Math.floor(this.#chance() * text.length)) : text
  }

  #pick(): AnyRecord | undefined {
    return this.list.records[Math.floor(this.#chance() * this.list.records.length)]
  }

  #leaves({ id }: AnyRecord, change: () => void): void {
    change()
    this.steady.delete(id)
  }

  #replace(record: AnyRecord, archived: boolean): void {
    this.list.records = this.list.records.map(one => (one === record ? { ...record, archived } : one))
  }
}

function positionOf(cursor: IdCursor | PageCursor): CrmPosition {
  const archived = cursor.archived ? ({ archived: true } as const) : {}
  if ('known' in cursor) {
    const page = cursor.cursor === undefined ? {} : { cursor: cursor.cursor }
    return { paging: 'cursor', records: 0, ...archived, ...page, ids: idsOf(cursor) }
  }
  const { id = '0', withoutId } = cursor
  return { paging: 'id', records: 0, ...archived, id, withoutId }
}

async function readAndCheck(course: Course): Promise<void> {
  const drift = new Drift(course)
  const { list } = drift
  const pages = list.pages({
    before: () => drift.before(),
    text: (whole, request) => drift.text(whole, request),
  })
  const { paging, byId, pageSize, width, passes } = course
  const received: AnyRecord[] = []
  let gone = 0
  let from: CrmPosition | undefined
  for (const count of [...course.leave, Number.POSITIVE_INFINITY]) {
    const counts = noBatchCounts()
    const associations = course.associations ? ['companies'] : []
    const records = {
      byId,
      maxIds: 3,
      associations,
      hidesMergedIds: false,
      counts,
      urlOf: () => 'http://crm',
    }
    const plan: CrmPlan<IdCursor | PageCursor> =
      paging === 'id'
        ? idRangePlan({
            passes,
            pageSize,
            isSequential: false,
            records,
            from: from as IdPosition | undefined,
          })
        : cursorPlan({ passes, pageSize, records, from: from as CursorPosition | undefined })
    const { values, cursors } = await readAll(plan, pages, { width, stopAfter: count })
    received.push(...(values.slice(0, count) as AnyRecord[]))
    const cursor = cursors[Math.min(count, cursors.length) - 1]
    if (cursor !== undefined) from = positionOf(cursor)
    for (const { values: sides } of batchEquations(counts))
      if (sides[0] !== sides[1]) throw new Error(`the numbers do not add up: ${JSON.stringify(counts)}`)
    gone += counts.gone
  }
  for (const archived of [false, true]) {
    const ids = received.filter(record => record.archived === archived).map(({ id }) => id)
    // A record that leaves a list and returns to it has another place in it, and the server's cursor may pass it twice.
    const inOrder = paging === 'id' ? ids : ids.filter(id => drift.steady.get(id) === archived)
    for (const [index, id] of inOrder.entries())
      if (index > 0 && compareIds(inOrder[index - 1] as string, id) >= 0)
        throw new Error(`${id} is not in order`)
    const expected = passes.includes(archived)
      ? [...drift.steady].filter(([, isArchived]) => isArchived === archived).map(([id]) => id)
      : []
    const lost = expected.filter(id => !ids.includes(id))
    // Ids that batches leave out again and again can't be told from those of deleted records, but they are counted.
    if (lost.length > (course.lost > 0 ? gone : 0)) throw new Error(`lost ${lost} of ${expected.length}`)
    if (!passes.includes(archived) && ids.length > 0) throw new Error(`archived: ${archived}`)
  }
  for (const { id, associations } of received) {
    const expected = course.associations && byId ? list.associations.get(id)?.map(Number) : undefined
    const found = associations?.companies?.results.map(({ id }) => Number(id))
    if (String(found) !== String(expected)) throw new Error(`record ${id}: ${found}, expected ${expected}`)
  }
  for (const request of list.requests) {
    if (request.kind === 'records' && request.ids.length > 3) throw new Error(`${request.ids.length} ids`)
    // A request for associations is about one page.
    if (request.kind === 'associations' && request.inputs.length > pageSize)
      throw new Error(`associations of ${request.inputs.length} records`)
  }
}

const share = fc.constantFrom(0, 0, 0.1, 0.4)
const courses: fc.Arbitrary<Course> = fc.record({
  paging: fc.constantFrom('id', 'cursor'),
  gaps: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.bigInt({ min: 1n, max: 9n }) },
      { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 12n }) },
    ),
    { maxLength: 40 },
  ),
  repeat: fc.integer({ min: 1, max: 8 }),
  seed: fc.nat(),
  pageSize: fc.constantFrom(2, 3, 10),
  width: fc.integer({ min: 1, max: 6 }),
  byId: fc.boolean(),
  associations: fc.boolean(),
  passes: fc.constantFrom([false], [true], [false, true]),
  changes: share,
  short: share,
  lost: share,
  cuts: share,
  leave: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 3 }),
})

const runs = Number(process.env.RUNS ?? 300)
t.setTimeout(300_000 + runs * 1_000)

t.test(
  'lists by id and by cursor: for any changes, short pages, lost ids and cut bodies, each record that stays in its list arrives once, and by id in order, over restarts',
  () => fc.assert(fc.asyncProperty(courses, readAndCheck), { numRuns: runs, endOnFailure: true }),
)
