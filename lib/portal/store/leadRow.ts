import { isObject } from '../leads/isObject.ts'
import { flagColumns, textColumns, timeColumns } from './schema.ts'
import { splitText } from './splitText.ts'

/** The types that libsql accepts. (A boolean or an object would end the process.) */
export type Value = string | number | Buffer | null

type Json = Readonly<Record<string, unknown>>

/** The fields that `search` looks into, according to the API's documentation. */
const searched = ['firstName', 'lastName', 'email', 'company']

/** Not valid in UTF-8, so a search can't match across two fields. */
const separator = Buffer.of(0xff)

/** The columns of the tables `lead` and `body`, in the order of {@link leadRow}. */
export const leadColumns: readonly string[] = [
  'seq',
  ...textColumns,
  ...timeColumns,
  ...flagColumns,
  'search',
]
export const bodyColumns: readonly string[] = ['seq', 'headText', 'eventsText', 'tailText']

/** A lead as the values of its two rows. */
export function leadRow(seq: number, object: object): { lead: readonly Value[]; body: readonly Value[] } {
  const lead = object as Json
  const times = { ...lead, ...eventTimes(lead) }
  return {
    lead: [
      seq,
      ...textColumns.map(column => sqlValue(lead[column])),
      ...timeColumns.map(column => timeOf(times, column)),
      ...flagColumns.map(column => (lead[column] === true ? 1 : 0)),
      searchText(lead),
    ],
    body: [seq, ...splitText(lead)],
  }
}

function eventTimes(lead: Json): Json {
  const events: unknown = lead.leadConversionEvents
  if (!Array.isArray(events) || events.length === 0) return { firstConvertedAt: 0, lastEventAt: 0 }
  let [firstConvertedAt, lastEventAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const event of events) {
    const time = isObject(event) ? timeOf(event, 'convertDate') : 0
    firstConvertedAt = Math.min(firstConvertedAt, time)
    lastEventAt = Math.max(lastEventAt, time)
  }
  return { firstConvertedAt, lastEventAt }
}

/** A JSON value in the form of SQLite's own `json_extract`. */
function sqlValue(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  return value === undefined || value === null ? null : JSON.stringify(value)
}

function timeOf(object: Json, name: string): number {
  const time = object[name]
  return typeof time === 'number' && Number.isFinite(time) ? time : 0
}

function searchText(lead: Json): Buffer {
  return Buffer.concat(
    searched.flatMap(name => {
      const text = lead[name]
      return typeof text === 'string' ? [Buffer.from(text.toLowerCase()), separator] : []
    }),
  )
}
