import fc from 'fast-check'
import t from 'tap'
import { noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import type { CrmRequest } from '../../../lib/paging/crm/CrmRequest.ts'
import {
  type CursorListOptions,
  cursorPlan,
  idsOf,
  type PageCursor,
} from '../../../lib/paging/crm/cursorPlan.ts'
import { CrmList, readAll } from '../../support/CrmList.ts'

const planOf = (given: Partial<CursorListOptions> = {}) =>
  cursorPlan({
    passes: [false],
    pageSize: 5,
    records: {
      ...{ byId: false, maxIds: 5, associations: [], hidesMergedIds: false },
      ...{ counts: noBatchCounts(), urlOf: () => 'http://crm' },
    },
    ...given,
  })

/** The position after a record. */
const positionOf = (place: PageCursor): CursorListOptions['from'] => ({
  ...{ paging: 'cursor', records: 0, ids: idsOf(place) },
  ...(place.cursor === undefined ? {} : { cursor: place.cursor }),
})

const ids = fc.uniqueArray(fc.nat(1_000_000).map(String), { maxLength: 60 })

/** How much of each body arrives, and how many records each page has at most. */
const trouble = fc.array(
  fc.record({ part: fc.double({ min: 0.1, max: 1, noNaN: true }), size: fc.integer({ min: 1, max: 5 }) }),
  { maxLength: 30 },
)

t.test(
  'cursorPlan: pages that are cut off, and shorter when they are requested again, repeat and lose nothing',
  async t => {
    await fc.assert(
      fc.asyncProperty(ids, trouble, async (all, troubles) => {
        const list = new CrmList(all)
        const text = (whole: string, request: CrmRequest) => {
          const { part = 1, size = 5 } = troubles.pop() ?? {}
          const short = JSON.stringify(list.answer({ ...request, max: Math.min(size, request.max) }))
          return request.kind === 'list' ? short.slice(0, Math.ceil(short.length * part)) : whole
        }
        const read = await readAll(planOf(), list.pages({ text }))
        t.strictSame(read.ids, list.ids)
        for (const [index, cursor] of read.cursors.entries()) {
          const from = positionOf(cursor)
          const rest = await readAll(planOf({ from }), list.pages())
          t.strictSame(rest.ids, list.ids.slice(index + 1))
        }
      }),
      { numRuns: 50 },
    )
  },
)

const firstTen = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']

/** What may become of a record of a page that was delivered in part, and the new record of a merge. */
const departures: Record<string, (list: CrmList) => string[]> = {
  archived: list => {
    list.records = list.records.map(one => (one.id === '1' ? { ...one, archived: true } : one))
    return []
  },
  deleted: list => {
    for (const id of ['1', '3']) list.remove(id)
    return []
  },
  merged: list => [list.merge('1', '2')],
}

for (const [name, leave] of Object.entries(departures)) {
  t.test(`cursorPlan: a page that was cut off hides no record after others of it were ${name}`, async t => {
    const list = new CrmList(firstTen)
    let created: string[] = []
    const before = () => {
      if (list.requests.length === 1) created = leave(list)
    }
    const text = (whole: string) =>
      list.requests.length > 1 ? whole : whole.slice(0, whole.indexOf('{"id":"4"'))
    t.strictSame((await readAll(planOf(), list.pages({ before, text }))).ids, [...firstTen, ...created])
  })

  t.test(`cursorPlan: a restart hides no record after others of the page were ${name}`, async t => {
    for (const count of [3, 4, 5]) {
      const list = new CrmList(firstTen)
      const { cursors } = await readAll(planOf(), list.pages())
      const created = leave(list)
      const from = positionOf(cursors[count - 1] as PageCursor)
      const { ids } = await readAll(planOf({ from }), list.pages())
      t.strictSame(ids, [...firstTen.slice(count), ...created])
    }
  })
}

t.test('cursorPlan: a record that is inserted before those of a page repeats none of them', async t => {
  const list = new CrmList(firstTen)
  const before = () => {
    if (list.requests.length === 1) list.add('0')
  }
  const text = (whole: string) => (list.requests.length > 1 ? whole : whole.slice(0, -1))
  const { ids } = await readAll(planOf(), list.pages({ before, text }))
  t.strictSame(ids, ['1', '2', '3', '4', '5', '0', '6', '7', '8', '9', '10'])
})

t.test('cursorPlan: elements without an id are skipped by their content, also equal ones', async t => {
  const elements = ['7', '{"id":"1"}', '7', '8', '{"id":"2"}']
  const pageOf = (...parts: string[]) => `{"results":[${parts.join()}]}`
  const whole = pageOf(...elements)
  const arrived = ['rejected: 7', '1', 'rejected: 7']
  for (const [second, rest] of [
    [elements, ['rejected: 8', '2']],
    [elements.slice(1), ['rejected: 8', '2']],
    [elements.slice(3), ['rejected: 8', '2']],
    [
      ['{"id":"0"}', ...elements.slice(0, 4)],
      ['0', 'rejected: 8'],
    ],
  ] as const) {
    const list = new CrmList([])
    const text = () => (list.requests.length > 1 ? pageOf(...second) : whole.slice(0, whole.indexOf('8')))
    t.strictSame((await readAll(planOf(), list.pages({ text }))).ids, [...arrived, ...rest], second.join())
  }
})

t.test('cursorPlan: a position has 200 ids at most, however many delivered records leave', async t => {
  const list = new CrmList(Array.from({ length: 600 }, (_, index) => String(1_000 + index)))
  const all = list.ids
  const before = () => {
    const count = list.requests.length
    if (count > 0 && count < 5) list.records = list.records.slice(100)
  }
  const text = (whole: string) => (list.requests.length < 5 ? whole.slice(0, -1) : whole)
  const read = await readAll(planOf({ pageSize: 100 }), list.pages({ before, text }))
  t.strictSame(read.ids, all)
  const sizes = read.cursors.map(cursor => idsOf(cursor).length)
  t.equal(Math.max(...sizes), 200)
})

t.test('cursorPlan: ids may be anything, in any order', async t => {
  const pages = [
    ['b', 'a'],
    ['10', '9'],
  ]
  const text = () => {
    const results = pages.shift()?.map(id => ({ id })) ?? []
    return JSON.stringify({ results, ...(pages.length > 0 ? { paging: { next: { after: 'MTAw' } } } : {}) })
  }
  t.strictSame((await readAll(planOf(), new CrmList([]).pages({ text }))).ids, ['b', 'a', '10', '9'])
})
