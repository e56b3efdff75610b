import type { Portal } from '../../../lib/portal/index.ts'
import { type PathOptions, type Reply, requestPath } from './requestPath.ts'

/** A record of an answer, as far as tests read it. */
export interface CrmRecord {
  id: string
  properties: Record<string, string | null>
  createdAt: string
  updatedAt: string
  archived: boolean
  archivedAt?: string
  url?: string
  associations?: Record<
    string,
    { results: { id: string; type: string }[]; paging?: { next: { after: string } } }
  >
  propertiesWithHistory?: Record<string, { value: string; timestamp: string }[]>
}

/** A page of records. */
export interface CrmPage {
  results: CrmRecord[]
  total?: number
  paging?: { next: { after: string; link?: string } }
}

/** Requests a path of a portal with its token as a Bearer: a GET, or a POST of a value as JSON. */
export function requestCrm(
  portal: Portal,
  path: string,
  body?: unknown,
  options: PathOptions = {},
): Promise<Reply> {
  const headers = { Authorization: `Bearer ${portal.accessToken}`, ...options.headers }
  if (body === undefined) return requestPath(portal, path, { ...options, headers })
  return requestPath(portal, path, {
    ...options,
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** The value that a request is answered with; throws for any status but 200 and 207. */
export async function crmJson<T = CrmPage>(portal: Portal, path: string, body?: unknown): Promise<T> {
  const reply = await requestCrm(portal, path, body)
  if (reply.status !== 200 && reply.status !== 207) throw new Error(`${reply.status} ${reply.body}`)
  return JSON.parse(reply.body.toString()) as T
}

/** The ids of a page. */
export const idsOf = ({ results }: CrmPage): string[] => results.map(({ id }) => id)

/** All pages of a list, as a client reads them that follows `after`. */
export async function readList(portal: Portal, path: string): Promise<CrmPage[]> {
  const pages: CrmPage[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: CrmPage = await crmJson(portal, `${path}${path.includes('?') ? '&' : '?'}after=${after}`)
    pages.push(page)
    after = page.paging?.next.after
  }
  return pages
}
