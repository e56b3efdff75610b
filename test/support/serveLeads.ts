import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

/** A server that lists `leads` page by page; it supports only max and offset. */
export function serveLeads(t: Test, leads: readonly unknown[]): Promise<Listening> {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const offset = Number(searchParams.get('offset') ?? 0)
    const page = leads.slice(offset, offset + Number(searchParams.get('max')))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(page))
  })
}
