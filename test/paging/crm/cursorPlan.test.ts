import fc from 'fast-check'
import t from 'tap'
import { noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import type { CrmRequest } from '../../../lib/paging/crm/CrmRequest.ts'
import { type CursorListOptions, cursorPlan } from '../../../lib/paging/crm/cursorPlan.ts'
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
        for (const [index, { cursor, elements }] of read.cursors.entries()) {
          const from = {
            paging: 'cursor' as const,
            records: index + 1,
            ...(cursor === undefined ? {} : { cursor }),
            elements,
          }
          const rest = await readAll(planOf({ from }), list.pages())
          t.strictSame(rest.ids, list.ids.slice(index + 1))
        }
      }),
      { numRuns: 50 },
    )
  },
)

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
