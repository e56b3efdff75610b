import { type PageQuery, queryParameters } from './LeadsQuery.ts'

/**
 * A checked query as a query string, without a leading "?" or "&": parameters in the documentation's order
 * and spelling, booleans as true and false, times as milliseconds, guids indexed from 0 with raw brackets.
 */
export function serializeQuery(query: PageQuery): string {
  const pairs: string[] = []
  for (const name of queryParameters) {
    const value = query[name]
    if (value === undefined) continue
    if (name === 'guids') {
      query.guids?.forEach((guid, index) => {
        pairs.push(`guids[${index}]=${encodeURIComponent(guid)}`)
      })
    } else {
      pairs.push(`${name}=${encodeURIComponent(String(value))}`)
    }
  }
  return pairs.join('&')
}
