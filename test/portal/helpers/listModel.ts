/*
 * A second, simple implementation of the list endpoint, over an array.
 */

/** A lead as JSON. */
export type Json = Record<string, unknown>

/** The parameters of a list, except guids. */
export type Params = Readonly<Record<string, string>>

/** Whether a time is within two bounds, either of which may be missing. */
export type Inside = (value: number, start: number | undefined, stop: number | undefined) => boolean

/** The leads of a list in their order. Leads with equal values keep the order of the array. */
export function select(
  leads: readonly Json[],
  guids: readonly string[],
  params: Params,
  inside: Inside,
): Json[] {
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
  const copy = JSON.parse(JSON.stringify(page)) as Json[]
  if (params.excludeConversionEvents !== 'true') return copy
  // A given lead without events is unchanged.
  return copy.map(lead => ('leadConversionEvents' in lead ? { ...lead, leadConversionEvents: [] } : lead))
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

/** The order of SQLite: missing, then numbers (a boolean is 0 or 1), then text by its bytes. */
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
