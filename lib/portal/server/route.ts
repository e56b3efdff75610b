import type { IncomingMessage } from 'node:http'
import { findLead, getLead } from '../lead/getLead.ts'
import { putLead } from '../lead/putLead.ts'
import { listLeads } from '../list/listLeads.ts'
import { Refusal } from '../Refusal.ts'
import type { Handler, Routed } from './Call.ts'

interface Route {
  /** The whole path; a slash at its end is ignored. */
  readonly path: RegExp
  readonly handlers: Readonly<Record<string, Handler>>
}

const list: Route = { path: /^\/leads\/v1\/list\/?$/, handlers: { GET: listLeads } }

const routes: readonly Route[] = [
  list,
  { path: /^\/leads\/v1\/lead\/?$/, handlers: { GET: findLead } },
  { path: /^\/leads\/v1\/lead\/([^/]+)\/?$/, handlers: { GET: getLead, PUT: putLead } },
]

/**
 * Finds the handler of a request.
 *
 * @throws Refusal 404 or 405, checked in this order; 400 for a path that can't be decoded.
 */
export function route({ method = '', url = '', headers }: IncomingMessage): Routed {
  const [path = '', ...queries] = url.split('?')
  const found = routes.find(route => route.path.test(path))
  if (found === undefined) throw new Refusal(404, `Nothing is at ${path}`)
  const handler = Object.hasOwn(found.handlers, method) ? found.handlers[method] : undefined
  if (handler === undefined) {
    const Allow = Object.keys(found.handlers).join(', ')
    throw new Refusal(405, `${method} is not allowed here`, { headers: { Allow } })
  }
  const call = {
    method,
    path,
    query: new URLSearchParams(queries.join('?')),
    guid: decode(found.path.exec(path)?.[1] ?? ''),
    contentType: headers['content-type'],
    body: Buffer.alloc(0),
  }
  return { call, handler, isList: found === list }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Refusal(400, `The path has a percent sign that encodes nothing: ${part}`)
  }
}
