import type { Lead } from '../../../lib/model/Lead.ts'
import type { Portal } from '../../../lib/portal/index.ts'

/** Requests a list with the portal's own token, the query otherwise written as it goes on the wire. */
export function getList(portal: Portal, query = ''): Promise<Response> {
  return fetch(`${portal.origin}/leads/v1/list?access_token=${portal.accessToken}&${query}`)
}

/** The leads of a list that must succeed. */
export async function getLeads(portal: Portal, query = ''): Promise<Lead[]> {
  const response = await getList(portal, query)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as Lead[]
}

/** What tells the leads of a list apart. */
export async function getGuids(portal: Portal, query = ''): Promise<string[]> {
  return (await getLeads(portal, query)).map(lead => lead.guid)
}

/** The message of a list that must be refused, with its status in front. */
export async function getRefusal(portal: Portal, query: string): Promise<string> {
  const response = await getList(portal, query)
  const { message } = (await response.json()) as { message: string }
  return `${response.status} ${message}`
}
