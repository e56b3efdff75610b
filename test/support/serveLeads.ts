import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

/** A server that lists what it is given page by page, by max and offset, and knows no other parameter. */
export function serveLeads(t: Test, leads: readonly unknown[]): Promise<Listening> {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const offset = Number(searchParams.get('offset') ?? 0)
    const page = leads.slice(offset, offset + Number(searchParams.get('max')))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(page))
  })
}
