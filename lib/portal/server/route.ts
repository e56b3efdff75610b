import type { IncomingMessage } from 'node:http'
import { listLeads } from '../list/listLeads.ts'
import { Refusal } from '../Refusal.ts'
import type { Answer } from './Answer.ts'
import { authorize } from './authorize.ts'
import type { Served } from './Served.ts'

/** Answers a request that carries the token. */
type Handler = (query: URLSearchParams, served: Served, now: number) => Answer

/** What the portal answers: by path, without the slash that may end it, and by method. */
const routes: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
  ['/leads/v1/list', new Map([['GET', listLeads]])],
])

/**
 * Finds out what a request asks for, and answers it.
 *
 * @param now when the request came, by the portal's clock
 * @throws Refusal 404, 405, 401, in this order; and what the handler throws.
 */
export function route(request: IncomingMessage, served: Served, now: number): Answer {
  const { method = '', url = '', headers } = request
  const [path = '', ...queries] = url.split('?')
  const methods = routes.get(path.replace(/\/$/, ''))
  if (methods === undefined) throw new Refusal(404, `Nothing is at ${path}`)
  const handler = methods.get(method)
  if (handler === undefined) {
    throw new Refusal(405, `${method} is not allowed here`, { Allow: [...methods.keys()].join(', ') })
  }
  const query = new URLSearchParams(queries.join('?'))
  authorize(query, headers, served.settings.accessToken)
  return handler(query, served, now)
}
