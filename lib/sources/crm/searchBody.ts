import type { SearchRange, SearchRequest } from '../../paging/crm/CrmRequest.ts'

/** The property of a type with the time of the last modification. The one of contacts has another name. */
export const modifiedProperty = (type: string): string =>
  /^(contacts?|0-1)$/i.test(type) ? 'lastmodifieddate' : 'hs_lastmodifieddate'

/** The body of a search for the ids and times of records. */
export function searchBody({ range, offset, max }: SearchRequest, property: string): object {
  return {
    ...filtersOf(range, property),
    sorts: [{ propertyName: range.ids ? 'hs_object_id' : property, direction: 'ASCENDING' }],
    properties: [property],
    limit: max,
    ...(offset > 0 ? { after: String(offset) } : {}),
  }
}

/** The condition of a search for a range: one group of at most three filters. */
export function filtersOf({ from, to, ids = {} }: SearchRange, property: string): object {
  const filter = (propertyName: string, operator: string, value: string | number) => [
    { propertyName, operator, value: String(value) },
  ]
  const { after, upTo } = ids
  const filters = [
    ...(from === to ? filter(property, 'EQ', from) : filter(property, 'GTE', from)),
    ...(from === to || !Number.isFinite(to) ? [] : filter(property, 'LTE', to)),
    ...(after === undefined ? [] : filter('hs_object_id', 'GT', after)),
    ...(upTo === undefined ? [] : filter('hs_object_id', 'LTE', upTo)),
  ]
  return { filterGroups: [{ filters }] }
}
