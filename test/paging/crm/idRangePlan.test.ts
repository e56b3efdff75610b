import fc from 'fast-check'
import t from 'tap'
import { compareIds, idAfter } from '../../../lib/crm/recordId.ts'
import { noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import type { CrmRequest, ListRequest } from '../../../lib/paging/crm/CrmRequest.ts'
import { type IdListOptions, idRangePlan } from '../../../lib/paging/crm/idRangePlan.ts'
import type { RecordSettings } from '../../../lib/paging/crm/RecordReader.ts'
import { CrmList, readAll } from '../../support/CrmList.ts'
import { failureOf } from '../../support/failureOf.ts'

const settings = (given: Partial<RecordSettings> = {}): RecordSettings => ({
  byId: false,
  maxIds: 100,
  associations: [],
  hidesMergedIds: false,
  counts: noBatchCounts(),
  urlOf: () => 'http://crm',
  ...given,
})

const planOf = (given: Partial<IdListOptions> = {}) =>
  idRangePlan({ passes: [false], pageSize: 100, isSequential: false, records: settings(), ...given })

/** Distances from each id to the next, as they occur in clusters. */
const gap = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 1n, max: 9n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 1n, max: 10_000n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 9n }) },
)
const start = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 0n, max: 10n ** 14n }),
  fc.bigInt({ min: 0n, max: 10n ** 30n }),
)

/** Ids in clusters: the gaps are repeated, so that lists become long. */
const ids = fc
  .record({ start, gaps: fc.array(gap, { maxLength: 60 }), repeat: fc.integer({ min: 1, max: 20 }) })
  .map(({ start, gaps, repeat }) => {
    let id = start
    return Array.from({ length: gaps.length * repeat }, (_, index) => {
      id += gaps[index % gaps.length] as bigint
      return String(id)
    })
  })

const pageSize = fc.constantFrom(2, 3, 10)

t.test('idRangePlan: every record of a list of any ids is delivered once, in the order of ids', async t => {
  await fc.assert(
    fc.asyncProperty(ids, pageSize, fc.integer({ min: 1, max: 6 }), async (all, pageSize, width) => {
      const list = new CrmList(all)
      const read = await readAll(planOf({ pageSize }), list.pages(), { width })
      t.strictSame(read.ids, list.ids)
      const least = Math.max(1, Math.ceil(list.ids.length / pageSize))
      t.ok(list.requests.length <= 1.04 * least + 3, `${list.requests.length} requests for ${least} pages`)
    }),
    { numRuns: 60 },
  )
})

t.test(
  'idRangePlan: creates and deletes between requests neither repeat nor lose another record',
  async t => {
    const change = fc.record({ kind: fc.constantFrom('remove', 'add', 'append'), at: fc.nat() })
    await fc.assert(
      fc.asyncProperty(
        ids,
        pageSize,
        fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 40 }),
        async (all, pageSize, changes) => {
          const list = new CrmList(all)
          const removed = new Set<string>()
          const before = () => {
            for (const { kind, at } of changes.shift() ?? []) {
              const id = list.ids[at % Math.max(1, list.ids.length)] ?? '0'
              if (kind === 'append') list.add(idAfter(list.ids.at(-1) ?? '0'))
              else if (kind === 'add') list.add(idAfter(id))
              else {
                list.remove(id)
                removed.add(id)
              }
            }
          }
          const read = await readAll(planOf({ pageSize }), list.pages({ before }))
          for (const [index, id] of read.ids.entries())
            if (index > 0) t.ok(compareIds(read.ids[index - 1] as string, id) < 0, 'ascending')
          const delivered = new Set(read.ids)
          t.strictSame(
            all.filter(id => !delivered.has(id) && !removed.has(id)),
            [],
          )
        },
      ),
      { numRuns: 60 },
    )
  },
)

t.test('idRangePlan: short and empty pages with paging are not the end of the list', async t => {
  await fc.assert(
    fc.asyncProperty(ids, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }), async (all, sizes) => {
      const list = new CrmList(all)
      const text = (whole: string, request: CrmRequest) => {
        const size = sizes.shift()
        const { results, paging } = JSON.parse(whole) as { results: { id: string }[]; paging?: object }
        if (size === undefined || results.length <= size) return whole
        const cut = results.slice(0, size)
        // An empty page says where the list goes on.
        const next = cut.at(-1)?.id ?? (request as ListRequest).after ?? results[0]?.id ?? '0'
        const rest =
          (request as ListRequest).after === undefined && cut.length === 0 ? results[0]?.id : idAfter(next)
        return cut.length === 0 && results[0]?.id !== undefined && compareIds(results[0].id, rest ?? '0') < 0
          ? whole
          : JSON.stringify({ results: cut, paging: { ...paging, next: { after: rest } } })
      }
      const read = await readAll(planOf({ pageSize: 5 }), list.pages({ text }))
      t.strictSame(read.ids, list.ids)
    }),
    { numRuns: 60 },
  )
})

t.test('idRangePlan: a body that is cut off anywhere is continued after its last record', async t => {
  await fc.assert(
    fc.asyncProperty(
      ids,
      pageSize,
      fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { maxLength: 30 }),
      async (all, pageSize, cuts) => {
        const list = new CrmList(all)
        const text = (whole: string) => whole.slice(0, Math.ceil(whole.length * (cuts.pop() ?? 1)))
        const read = await readAll(planOf({ pageSize }), list.pages({ text }))
        t.strictSame(read.ids, list.ids)
      },
    ),
    { numRuns: 60 },
  )
})

t.test('idRangePlan: a restart at any position delivers the rest of the list', async t => {
  await fc.assert(
    fc.asyncProperty(ids, pageSize, async (all, pageSize) => {
      const list = new CrmList(all)
      const whole = await readAll(planOf({ pageSize }), list.pages())
      for (const [index, { id, withoutId }] of whole.cursors.entries()) {
        if (index % 7 > 0) continue
        const from = {
          paging: 'id' as const,
          records: index + 1,
          ...(id === undefined ? {} : { id }),
          withoutId,
        }
        const rest = await readAll(planOf({ pageSize, from }), list.pages())
        t.strictSame(rest.ids, list.ids.slice(index + 1))
      }
    }),
    { numRuns: 15 },
  )
})

t.test(
  'idRangePlan: a list of ten pages is read one after the other, without a request too many',
  async t => {
    for (const count of [0, 1, 99, 100, 101, 950, 1_000]) {
      const list = new CrmList(Array.from({ length: count }, (_, index) => String(100_000 + 51 * index)))
      await readAll(planOf(), list.pages())
      t.equal(list.requests.length, Math.max(1, Math.ceil(count / 100)), `${count} records`)
    }
  },
)

t.test(
  'idRangePlan: a long list whose ids jump is read several pages at a time, with few requests too many',
  async t => {
    const all = Array.from({ length: 30_000 }, (_, index) =>
      String(index < 1_000 ? 100_000 + 51 * index : 57_156_000_000 + 7 * index),
    )
    const list = new CrmList(all)
    let [open, most] = [0, 0]
    const source = list.pages()
    const fetchPage: typeof source.fetchPage = async (request, signal) => {
      open += 1
      most = Math.max(most, open)
      await new Promise(resolve => setImmediate(resolve))
      return source.fetchPage(request, signal).finally(() => {
        open -= 1
      })
    }
    const read = await readAll(planOf(), { ...source, fetchPage })
    t.strictSame(read.ids, all)
    t.equal(most, 4)
    t.ok(list.requests.length <= 1.05 * 300, `${list.requests.length} requests`)
  },
)

t.test('idRangePlan: elements without an id are delivered once, in their place', async t => {
  const broken = fc.array(fc.boolean(), { minLength: 5, maxLength: 30 })
  const cuts = fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(ids, broken, cuts, pageSize, async (all, broken, cuts, pageSize) => {
      const list = new CrmList(all)
      const isBroken = new Map(list.ids.map((id, index) => [id, broken[index % broken.length]]))
      const text = (whole: string) => {
        const { results, ...rest } = JSON.parse(whole) as { results: { id: string }[] }
        const elements = results.map(record =>
          isBroken.get(record.id) ? `[${record.id}]` : JSON.stringify(record),
        )
        const body = `{"results":[${elements.join()}],${JSON.stringify({ ...rest, end: true }).slice(1)}`
        return body.slice(0, Math.ceil(body.length * (cuts.pop() ?? 1)))
      }
      const expected = list.ids.map(id => (isBroken.get(id) ? `rejected: [${id}]` : id))
      const read = await readAll(planOf({ pageSize }), list.pages({ text }))
      t.strictSame(read.ids, expected)
      for (const [index, { id, withoutId }] of read.cursors.entries()) {
        if (index % 11 > 0) continue
        const from = { paging: 'id' as const, records: 0, ...(id === undefined ? {} : { id }), withoutId }
        const rest = await readAll(planOf({ pageSize, from, isSequential: true }), list.pages({ text }))
        t.strictSame(rest.ids, expected.slice(index + 1))
      }
    }),
    { numRuns: 40 },
  )
})

const refused: [name: string, answer: object, message: RegExp][] = [
  ['ids that do not ascend', page(['5', '4']), /received id 4 after id 5, expected ids that ascend/],
  ['an id twice', page(['5', '5']), /received id 5 after id 5/],
  ['ids that ascend as text only', page(['9', '10', '9']), /received id 9 after id 10/],
  ['an id that is not a number', page(['abc']), /received the id 'abc', expected decimal digits/],
  [
    'a next page before the end of this one',
    page(['5', '6'], '6'),
    /received paging.next.after '6', expected 7 or more/,
  ],
  [
    'a cursor that is not an id',
    page(['5'], 'MTAw'),
    /received paging.next.after 'MTAw', expected 6 or more/,
  ],
  [
    'a next page without a cursor',
    { results: [], paging: { next: {} } },
    /expected a cursor at paging.next.after, received undefined/,
  ],
  [
    'an archived record',
    { results: [{ id: '5', archived: true }] },
    /record 5, which is archived, in the list of records that are not archived/,
  ],
]

function page(ids: string[], after?: string): object {
  return {
    results: ids.map(id => ({ id, archived: false })),
    ...(after === undefined ? {} : { paging: { next: { after } } }),
  }
}

t.test('idRangePlan: a list that is not what was requested ends with PAGING', async t => {
  for (const [name, answer, message] of refused) {
    const list = new CrmList([])
    const text = () => JSON.stringify(answer)
    t.match(await failureOf(readAll(planOf(), list.pages({ text }))), { code: 'PAGING', message }, name)
  }
})

t.test("idRangePlan: an error about the order names paging: 'cursor'", async t => {
  const text = () => JSON.stringify(page(['5', '4']))
  t.match(await failureOf(readAll(planOf(), new CrmList([]).pages({ text }))), {
    message: /set paging to 'cursor', which follows the server's own cursor$/,
    context: { remedy: { owner: 'crmObjects()', option: 'paging' } },
  })
})

t.test('idRangePlan: a server that ignores `after` ends with PAGING, not in an endless loop', async t => {
  const text = () => JSON.stringify(page(['5', '6'], '7'))
  t.match(await failureOf(readAll(planOf({ pageSize: 2 }), new CrmList([]).pages({ text }))), {
    code: 'PAGING',
    message: /received id 5 (after id 6|in the page after=7)/,
  })
})

t.test('idRangePlan: a page with more records than requested ends with PAGING', async t => {
  const text = () => JSON.stringify(page(['5', '6', '7']))
  t.match(await failureOf(readAll(planOf({ pageSize: 2 }), new CrmList([]).pages({ text }))), {
    code: 'PAGING',
    message: 'expected at most 2 records in the page, as requested, received more',
  })
})
