import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

/** Names of properties that do not fit into one URL, so that records are read by their ids. */
export const longNames = Array.from({ length: 300 }, (_, n) => `a_property_that_has_a_long_name_${n}`)

const properties = longNames.map(name => `"${name}":null`).join()

/** The contact with an id: about 12,000 bytes. */
const contactText = (id: number | string) =>
  `{"id":"${id}","properties":{${properties}},"createdAt":"","updatedAt":"","archived":false}`

/** A server of `count` contacts with the ids 1 to `count`: their list, batch reads, and one company of each. */
export function serveContacts(t: Test, count: number): Promise<Listening> {
  return listen(t, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const send = (results: readonly string[], rest = '') => response.end(`{"results":[${results}]${rest}}`)
    if (pathname.includes('/properties/')) {
      send(longNames.map(name => JSON.stringify({ name, type: 'string' })))
    } else if (request.method === 'POST') {
      const { inputs } = (await json(request)) as { inputs: { id: string }[] }
      const isAssociations = pathname.includes('/associations/')
      send(inputs.map(({ id }) => (isAssociations ? companyOf(id) : contactText(id))))
    } else if (pathname.includes('/objects/')) {
      const first = Number(searchParams.get('after') ?? 1)
      const end = Math.min(count + 1, first + Number(searchParams.get('limit')))
      const ids = Array.from({ length: end - first }, (_, index) => first + index)
      const rest = end > count ? '' : `,"paging":{"next":{"after":"${end}"}}`
      send(
        ids.map(id => `{"id":"${id}","properties":{},"createdAt":"","updatedAt":"","archived":false}`),
        rest,
      )
    } else response.writeHead(404).end('{}')
  })
}

const companyOf = (id: string) =>
  `{"from":{"id":"${id}"},"to":[{"toObjectId":7,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":1,"label":null}]}]}`
