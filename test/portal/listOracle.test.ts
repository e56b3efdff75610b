import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { getLeads } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

/*
 * Random leads, few values each, so that ties, gaps and wrong types are everywhere; random requests; and the
 * meaning of a request written once more, as plainly as can be, over an array.
 */

type Json = Record<string, unknown>
type Params = Record<string, string>

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

/** Few parameters at a time, or hardly any lead would match; seldom guids, for the same reason. */
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
    `any request answers what filtering an array gives: start ${startTime}, stop ${stopTime}`,
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

function select(
  guids: string[],
  params: Params,
  inside: (value: number, start: number | undefined, stop: number | undefined) => boolean,
): unknown[] {
  const pivot = params.timePivot ?? 'insertedAt'
  const numberOf = (name: string) => (params[name] === undefined ? undefined : Number(params[name]))
  const search = (params.search ?? '').toLowerCase()
  const matches = leads.filter(
    lead =>
      (guids.length === 0 || guids.includes(lead.guid as string)) &&
      inside(timeIn(lead, pivot), numberOf('startTime'), numberOf('stopTime')) &&
      (params.includeDeleted === 'true' || lead.isDeleted !== true) &&
      (params.optOut !== 'true' || lead.emailOptOut === true) &&
      (params.eligibleForEmail !== 'true' || lead.eligibleForEmail === true) &&
      (params.bounced !== 'true' || lead.emailBounced === true) &&
      (params.isNotImported !== 'true' || lead.imported !== true) &&
      ['firstName', 'lastName', 'email', 'company'].some(
        name =>
          search === '' || (typeof lead[name] === 'string' && lead[name].toLowerCase().includes(search)),
      ),
  )
  const sort = params.sort ?? pivot
  matches.sort(
    (a, b) => compare(sortValue(a, sort), sortValue(b, sort)) || leads.indexOf(a) - leads.indexOf(b),
  )
  if (params.dir === 'desc') matches.reverse()
  const offset = Math.max(0, Number(params.offset ?? 0))
  const page = matches.slice(offset, offset + Math.min(100, Number(params.max ?? 10)))
  const seen = JSON.parse(JSON.stringify(page)) as Json[]
  if (params.excludeConversionEvents !== 'true') return seen
  // A lead of one's own without events stays as it is.
  return seen.map(lead => ('leadConversionEvents' in lead ? { ...lead, leadConversionEvents: [] } : lead))
}

function timeIn(lead: Json, name: string): number {
  const dates = ((lead.leadConversionEvents ?? []) as Json[]).map(({ convertDate }) =>
    Number(convertDate === '3' ? 0 : (convertDate ?? 0)),
  )
  if (name === 'firstConvertedAt' || name === 'fce.convertDate')
    return dates.length === 0 ? 0 : Math.min(...dates)
  if (name === 'lce.convertDate') return dates.length === 0 ? 0 : Math.max(...dates)
  const value = lead[name === 'insteredAt' ? 'insertedAt' : name]
  return typeof value === 'number' ? value : 0
}

function sortValue(lead: Json, name: string): unknown {
  return /At$|convertDate$/.test(name) ? timeIn(lead, name) : lead[name]
}

/** As SQLite orders: missing, then numbers (a boolean is 0 or 1), then text by its bytes. */
function compare(a: unknown, b: unknown): number {
  const [rankA, keyA] = rank(a)
  const [rankB, keyB] = rank(b)
  if (rankA !== rankB) return rankA - rankB
  return typeof keyA === 'number' ? keyA - (keyB as number) : Buffer.compare(keyA, keyB as Buffer)
}

function rank(value: unknown): [number, number | Buffer] {
  if (value === undefined || value === null) return [0, 0]
  if (typeof value === 'number' || typeof value === 'boolean') return [1, Number(value)]
  return [2, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))]
}
