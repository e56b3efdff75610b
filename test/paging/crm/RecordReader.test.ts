import fc from 'fast-check'
import t from 'tap'
import { batchEquations, noBatchCounts } from '../../../lib/paging/crm/batchCounts.ts'
import type { CrmRequest } from '../../../lib/paging/crm/CrmRequest.ts'
import { idRangePlan } from '../../../lib/paging/crm/idRangePlan.ts'
import type { RecordSettings } from '../../../lib/paging/crm/RecordReader.ts'
import { Rejected } from '../../../lib/stage/Rejected.ts'
import { CrmList, readAll } from '../../support/CrmList.ts'
import { failureOf } from '../../support/failureOf.ts'

/** A plan that reads the records by their ids, and its counts. */
function byId(given: Partial<RecordSettings> = {}) {
  const counts = noBatchCounts()
  const records = {
    ...{ byId: true, maxIds: 4, associations: [], hidesMergedIds: false, counts, urlOf: () => 'http://crm' },
    ...given,
  }
  return { counts, plan: idRangePlan({ passes: [false], pageSize: 5, isSequential: false, records }) }
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 500 }).map(String), { maxLength: 80 })
const action = fc.record({ kind: fc.constantFrom('merge', 'remove', 'add'), at: fc.nat(), with: fc.nat() })
const actions = fc.array(fc.array(action, { maxLength: 2 }), { maxLength: 40 })
const cuts = fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { maxLength: 30 })

t.test(
  'RecordReader: merges, deletes and creates between any two requests are told apart and counted',
  async t => {
    await fc.assert(
      fc.asyncProperty(ids, actions, cuts, async (all, actions, cuts) => {
        const list = new CrmList(all)
        list.associations = new Map(list.ids.map(id => [id, [id]]))
        const lost = new Set<string>()
        const before = () => {
          for (const { kind, at, with: other } of actions.shift() ?? []) {
            const [a, b] = [list.ids[at % list.ids.length], list.ids[other % list.ids.length]]
            if (kind === 'add') list.add(String(at % 1_000))
            else if (a !== undefined && kind === 'remove') lost.add(a)
            else if (a !== undefined && b !== undefined && a !== b) {
              list.merge(a, b)
              lost.add(a).add(b)
            }
            for (const id of lost) list.remove(id)
          }
        }
        const text = (whole: string) => whole.slice(0, Math.ceil(whole.length * (cuts.pop() ?? 1)))
        const { plan, counts } = byId({ associations: ['companies'] })
        const read = await readAll(plan, list.pages({ before, text }))
        const delivered = read.ids.map(Number)
        t.strictSame(
          delivered,
          [...new Set(delivered)].toSorted((a, b) => a - b),
        )
        t.strictSame(
          all.filter(id => !read.ids.includes(id) && !lost.has(id)),
          [],
        )
        t.equal(counts.answered, read.ids.length)
        for (const { values } of batchEquations(counts)) t.equal(values[0], values[1])
        for (const value of read.values) {
          if (value instanceof Rejected || !all.includes(value.id)) continue
          t.strictSame(
            value.associations?.companies?.results.map(({ id }) => id),
            [value.id],
          )
        }
      }),
      { numRuns: 60 },
    )
  },
)

t.test('RecordReader: an answer that is cut off after its last record loses none', async t => {
  for (const kind of ['records', 'associations']) {
    const list = new CrmList(['1', '2', '3'])
    list.associations = new Map(list.ids.map(id => [id, ['7']]))
    let cuts = 1
    const text = (whole: string, request: CrmRequest) => {
      if (request.kind !== kind || cuts === 0) return whole
      cuts -= 1
      return whole.slice(0, -1)
    }
    const { plan, counts } = byId({ associations: ['companies'] })
    const read = await readAll(plan, list.pages({ text }))
    t.strictSame([read.ids, cuts], [['1', '2', '3'], 0], kind)
    t.match(counts, { asked: 3, answered: 3 })
  }
})

t.test('RecordReader: an id that an answer omits is asked for again, unless an error names it', async t => {
  for (const [omissions, isNamed] of [
    [1, false],
    [2, false],
    [9, false],
    [9, true],
  ] as const) {
    const list = new CrmList(['1', '2', '3'])
    let left: number = omissions
    const text = (whole: string, { kind }: CrmRequest) => {
      if (kind !== 'records' || left === 0) return whole
      left -= 1
      const { results } = JSON.parse(whole) as { results: { id: string }[] }
      const errors = [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['2'] } }]
      return JSON.stringify({
        results: results.filter(({ id }) => id !== '2'),
        ...(isNamed ? { errors } : {}),
      })
    }
    const { plan, counts } = byId()
    const { ids } = await readAll(plan, list.pages({ text }))
    t.strictSame(ids, omissions < 3 ? ['1', '2', '3'] : ['1', '3'])
    t.match(counts, { asked: 3, gone: omissions < 3 ? 0 : 1 })
    t.equal(list.count('records'), isNamed ? 1 : Math.min(3, omissions + 1))
  }
})

t.test('RecordReader: a merged record is not delivered for its old id, but at its own', async t => {
  const list = new CrmList(['1', '2', '3'])
  let isMerged = false
  const before = ({ kind }: CrmRequest) => {
    if (kind === 'records' && !isMerged) {
      isMerged = true
      list.merge('1', '3')
    }
  }
  const { plan, counts } = byId()
  const read = await readAll(plan, list.pages({ before }))
  t.strictSame(read.ids, ['2'])
  t.match(counts, { asked: 3, answered: 1, merged: 2, gone: 0 })
})

t.test('RecordReader: a record that was not asked for ends the list with PAGING', async t => {
  const list = new CrmList(['1', '2'])
  const text = (whole: string, { kind }: CrmRequest) =>
    kind === 'records' ? JSON.stringify({ results: [{ id: '9', properties: {} }] }) : whole
  t.match(await failureOf(readAll(byId().plan, list.pages({ text }))), {
    code: 'PAGING',
    message: /received record 9, which was not asked for/,
  })
})

t.test(
  'RecordReader: elements of a batch that are not records keep their place, and count as answers',
  async t => {
    const list = new CrmList(['1', '2', '3'])
    const broken: [text: string, place: string][] = [
      ['{"id":"2","x":tru}', '2'],
      ['7', '2'],
    ]
    for (const [element] of broken) {
      const text = (whole: string, { kind }: CrmRequest) => {
        if (kind !== 'records') return whole
        const { results } = JSON.parse(whole) as { results: { id: string }[] }
        return `{"results":[${results.map(record => (record.id === '2' ? element : JSON.stringify(record))).join()}]}`
      }
      const { plan, counts } = byId()
      const read = await readAll(plan, list.pages({ text }))
      t.equal(read.values.length, 3)
      t.ok(read.values[1] instanceof Rejected, element)
      t.match(counts, { asked: 3, answered: 3, gone: 0 })
    }
  },
)

t.test(
  'RecordReader: associations come as text or as numbers; a number that lost digits is refused',
  async t => {
    const list = new CrmList(['1'])
    const answer =
      (toObjectId: unknown) =>
      (whole: string, { kind }: CrmRequest) =>
        kind === 'associations'
          ? JSON.stringify({ results: [{ from: { id: '1' }, to: [{ toObjectId, associationTypes: [] }] }] })
          : whole
    for (const id of ['7', 7]) {
      const { plan } = byId({ associations: ['companies'] })
      const { values } = await readAll(plan, list.pages({ text: answer(id) }))
      t.match(values[0], { associations: { companies: { results: [{ id: '7' }] } } })
    }
    const { plan } = byId({ associations: ['companies'] })
    t.match(await failureOf(readAll(plan, list.pages({ text: answer(2 ** 53) }))), {
      code: 'DECODE',
      message: /^the associations can't be read: an id is 9007199254740992/,
    })
  },
)
