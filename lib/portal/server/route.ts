import type { IncomingMessage } from 'node:http'
import { accountRoutes } from '../account/accountRoutes.ts'
import type { Settings } from '../checkOptions.ts'
import { crmRoutes } from '../crm/routes/crmRoutes.ts'
import { formRoutes } from '../forms/formRoutes.ts'
import { findLead, getLead } from '../lead/getLead.ts'
import { putLead } from '../lead/putLead.ts'
import { isLastPage } from '../list/isLastPage.ts'
import { listLeads } from '../list/listLeads.ts'
import { oauthRoutes } from '../oauth/oauthRoutes.ts'
import { Refusal } from '../Refusal.ts'
import type { Route, Routed } from './Call.ts'

const routes: readonly Route[] = [
  { path: /^\/leads\/v1\/list\/?$/, handlers: { GET: listLeads }, isLastPage, option: 'leadsApi' },
  { path: /^\/leads\/v1\/lead\/?$/, handlers: { GET: findLead }, option: 'leadsApi' },
  {
    path: /^\/leads\/v1\/lead\/([^/]+)\/?$/,
    handlers: { GET: getLead, PUT: putLead },
    option: 'leadsApi',
  },
  ...crmRoutes,
  ...formRoutes,
  ...oauthRoutes,
  ...accountRoutes,
]

/** Longer addresses are refused by HubSpot's servers before anything else. The Leads API has a limit of its own. */
const maxUrl = 16_000

/**
 * Finds the handler of a request.
 *
 * @throws Refusal 404 or 405, checked in this order; 400 for a path that can't be decoded.
 */
export function route({ method = '', url = '', headers }: IncomingMessage, settings: Settings): Routed {
  const [path = '', ...queries] = url.split('?')
  if (url.length > maxUrl && !path.startsWith('/leads/')) {
    throw new Refusal(414, `URI Too Long: expected at most ${maxUrl} characters, got ${url.length}`)
  }
  const found = routes.find(
    ({ path: pattern, option }) => pattern.test(path) && (option === undefined || settings[option]),
  )
  if (found === undefined) throw new Refusal(404, `Nothing is at ${path}`)
  const handler = Object.hasOwn(found.handlers, method) ? found.handlers[method] : undefined
  if (handler === undefined) {
    const Allow = Object.keys(found.handlers).join(', ')
    throw new Refusal(405, `${method} is not allowed here`, { headers: { Allow } })
  }
  const parts = (found.path.exec(path) ?? []).slice(1).map(part => decode(part ?? ''))
  const call = {
    method,
    path,
    query: new URLSearchParams(queries.join('?')),
    parts,
    guid: parts[0] ?? '',
    token: '',
    contentType: headers['content-type'],
    body: Buffer.alloc(0),
    pageFaults: [],
  }
  const { isLastPage, group = 'main', isOpen = false } = found
  return { call, handler, isLastPage, group, isOpen }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Refusal(400, `The path has a percent sign that encodes nothing: ${part}`)
  }
}
