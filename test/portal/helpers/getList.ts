import type { Lead } from '../../../lib/lead/Lead.ts'
import type { Portal } from '../../../lib/portal/index.ts'
import { type Reply, requestWithToken } from './requestPath.ts'

/** Requests a list with the portal's token; the query is sent unchanged. */
export function getList(portal: Portal, query = ''): Promise<Reply> {
  return requestWithToken(portal, `/leads/v1/list?${query}`)
}

/** The leads of a list; throws for any status but 200. */
export async function getLeads(portal: Portal, query = ''): Promise<Lead[]> {
  const { status, body } = await getList(portal, query)
  if (status !== 200) throw new Error(`${status} ${body}`)
  return JSON.parse(body.toString()) as Lead[]
}

/** The guids of a list. */
export async function getGuids(portal: Portal, query = ''): Promise<string[]> {
  return (await getLeads(portal, query)).map(lead => lead.guid)
}

/** The status and the message of an error reply. */
export function refusalOf({ status, body }: Reply): string {
  const { message } = JSON.parse(body.toString()) as { message: string }
  return `${status} ${message}`
}
