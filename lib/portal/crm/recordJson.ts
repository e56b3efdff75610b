import { portalId } from '../data/portalId.ts'
import { isObject } from '../leads/isObject.ts'
import type { Crm } from './Crm.ts'
import type { Property, StoredRecord } from './properties/Property.ts'
import { isoTime } from './properties/values.ts'
import type { Wanted } from './readWanted.ts'
import type { Records } from './records/Records.ts'

/** The most associations of one type that a record of a list has inline. */
const inline = 100

/** Reads records and makes the JSON of each; those that do not exist are left out. */
export function recordsJson(crm: Crm, records: Records, seqs: readonly number[], wanted: Wanted): object[] {
  const { type } = records
  const asked = wanted.properties.length + wanted.history.length > 0
  const named = asked
    ? ['createdate', 'hs_object_id', type.modified, ...wanted.properties, ...wanted.history]
    : type.defaultProperties
  // A property that does not exist is left out without an error, as HubSpot does.
  const known = (names: readonly string[]): Property[] =>
    [...new Set(names)].flatMap(name => records.property(name) ?? [])
  const [properties, history] = [known(named), known(wanted.history)]
  const withEvents = properties.some(({ needsEvents }) => needsEvents)
  return records.read(seqs, withEvents).map(record => ({
    id: record.id,
    properties: Object.fromEntries(properties.map(property => [property.name, property.of(record)])),
    ...(history.length === 0
      ? {}
      : {
          propertiesWithHistory: Object.fromEntries(
            history.map(property => [property.name, historyOf(property, record)]),
          ),
        }),
    createdAt: isoTime(record.createdAt),
    updatedAt: isoTime(record.updatedAt),
    archived: record.archivedAt !== undefined,
    ...(record.archivedAt === undefined ? {} : { archivedAt: isoTime(record.archivedAt) }),
    ...(wanted.isDated
      ? { url: `https://app.hubspot.com/contacts/${portalId}/record/${type.id}/${record.id}` }
      : {}),
    // Archiving a record ends its associations.
    ...(record.archivedAt === undefined ? associationsJson(crm, records, record.id, wanted) : {}),
  }))
}

function associationsJson(crm: Crm, records: Records, id: string, { associations }: Wanted): object {
  const fromSeq = records.seqOf(id) ?? 0
  const all = associations.flatMap(to => {
    const { ids, after } = crm.associations.page(records, fromSeq, to, { after: '', limit: inline })
    if (ids.length === 0) return []
    const type = `${records.type.singular}_to_${to.type.singular}`
    const path = `https://api.hubapi.com/crm/v4/objects/${records.type.name}/${id}/associations/${to.type.name}`
    const results = ids.map(toId => ({ id: toId, type }))
    const paging = after === undefined ? {} : { paging: { next: { after, link: `${path}?after=${after}` } } }
    return [[to.type.name, { results, ...paging }]]
  })
  return all.length === 0 ? {} : { associations: Object.fromEntries(all) }
}

/** The values that a property had, newest first: of the life cycle as the lead logged it, of all others the present one. */
function historyOf(property: Property, record: StoredRecord): object[] {
  const entry = (value: string | null, time: number) => ({
    value: value ?? '',
    timestamp: isoTime(time),
    sourceType: 'CRM_UI',
  })
  const logs = property.name === 'lifecyclestage' ? record.source.leadCustomerStatusModifyLogs : undefined
  const changes = (Array.isArray(logs) ? logs : []).filter(isObject).toReversed()
  if (changes.length === 0) return [entry(property.of(record), record.updatedAt)]
  return [
    ...changes.map(({ insertedAt, previousState }) =>
      entry(previousState === true ? 'lead' : 'customer', Number(insertedAt)),
    ),
    entry('lead', record.createdAt),
  ]
}
