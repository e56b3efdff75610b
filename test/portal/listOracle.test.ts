import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { getLeads } from './helpers/getList.ts'
import { type Json, type Params, select } from './helpers/listModel.ts'
import { startPortal } from './helpers/startPortal.ts'

/*
 * Random leads with few different values, so that ties, gaps and wrong types are frequent; and random requests.
 */

const now = 4
const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
  fc.constantFrom('3', null, 2.5),
)
const text = fc.constantFrom(
  '',
  'Ann',
  'ANNA',
  'ann "b"',
  'Ольга',
  'ОЛЬГА',
  'İ',
  'ß',
  '\u0000x',
  '𝒳',
  '\uffff',
  'é',
  '\ud800',
)
const flag = fc.constantFrom(true, false, 'true', 1)
const event = fc.record({ convertDate: time, formName: text }, { requiredKeys: [] })

const anyLead = fc.record(
  {
    email: text,
    firstName: text,
    lastName: fc.oneof(text, fc.constantFrom(5, null)),
    company: text,
    city: fc.oneof(text, fc.constantFrom(10, 9.5, -1, true, null)),
    score: fc.constantFrom(100, 99.96, '7'),
    crmDetails: fc.record({ status: text }),
    insertedAt: time,
    lastConvertedAt: time,
    lastModifiedAt: time,
    closedAt: time,
    isDeleted: fc.constantFrom(true, false, false, false),
    emailOptOut: flag,
    eligibleForEmail: flag,
    emailBounced: flag,
    imported: flag,
    leadConversionEvents: fc.array(event, { maxLength: 3 }),
    later: text,
  },
  { requiredKeys: [] },
)

const leads: Json[] = fc
  .sample(anyLead, { seed: 42, numRuns: 120 })
  .map((lead, n) => ({ ...lead, guid: `g${(n * 7) % 120}` }))

const pivots = ['insertedAt', 'firstConvertedAt', 'lastConvertedAt', 'lastModifiedAt', 'closedAt']
const sorts = [
  ...['insertedAt', 'insteredAt', 'lastModifiedAt', 'closedAt', 'fce.convertDate', 'lce.convertDate', 'guid'],
  ...['email', 'city', 'score', 'isDeleted', 'imported', 'crmDetails', 'leadConversionEvents', 'zip'],
]
const bound = fc.constantFrom('0', '1', '2', '2.5', '3', '4', '5', '6', '-1', '0.3E1')
const truth = fc.constantFrom('true', 'true', 'false', '')

const parameters = {
  search: fc.constantFrom('ann', 'N', '"', 'ольг', 'i̇', 'SS', 'x', '𝒳', ''),
  sort: fc.constantFrom(...sorts),
  dir: fc.constantFrom('asc', 'desc'),
  max: fc.constantFrom('0', '1', '5', '50', '100', '1000'),
  offset: fc.constantFrom('-3', '0', '1', '7', '60', '500'),
  timePivot: fc.constantFrom(...pivots),
  startTime: bound,
  stopTime: bound,
  includeDeleted: truth,
  optOut: truth,
  eligibleForEmail: truth,
  bounced: truth,
  isNotImported: truth,
  excludeConversionEvents: truth,
}
const someGuids = fc.uniqueArray(fc.integer({ min: 0, max: 125 }), { minLength: 1, maxLength: 100 })

/** Few parameters at a time and rarely guids, since otherwise hardly any lead would match. */
const anyRequest = fc.record({
  guids: fc.oneof({ weight: 5, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: someGuids }),
  params: fc
    .tuple(
      fc.record(parameters),
      fc.subarray(Object.keys(parameters) as (keyof typeof parameters)[], { maxLength: 6 }),
    )
    .map(([all, names]): Params => Object.fromEntries(names.map(name => [name, all[name]]))),
})

for (const [startTime, stopTime] of [
  ['exclusive', 'inclusive'],
  ['inclusive', 'exclusive'],
] as const) {
  t.test(
    `portal list: any request answers the same as filtering an array: start ${startTime}, stop ${stopTime}`,
    async t => {
      const portal = await startPortal(t, { leads, startTime, stopTime, now: () => now })
      await fc.assert(
        fc.asyncProperty(anyRequest, async ({ guids, params }) => {
          const query = new URLSearchParams(params)
          for (const [index, n] of guids.entries()) query.append(`guids[${index}]`, `g${n}`)
          const inside = (value: number, start: number | undefined, stop: number | undefined): boolean =>
            (start === undefined || (startTime === 'inclusive' ? value >= start : value > start)) &&
            (stop === undefined ? value <= now : stopTime === 'inclusive' ? value <= stop : value < stop)
          const wanted = select(
            leads,
            guids.map(n => `g${n}`),
            params,
            inside,
          )
          deepStrictEqual(await getLeads(portal, query.toString()), wanted)
        }),
        { numRuns: 400, seed: 7 },
      )
    },
  )
}
