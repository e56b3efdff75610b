import type { Lead } from '../../../lib/lead/Lead.ts'
import type { Portal } from '../../../lib/portal/index.ts'
import { type Asked, askWithToken } from './ask.ts'

/** Requests a list with the portal's own token, the query otherwise written as it goes on the wire. */
export function getList(portal: Portal, query = ''): Promise<Asked> {
  return askWithToken(portal, `/leads/v1/list?${query}`)
}

/** The leads of a list that must succeed. */
export async function getLeads(portal: Portal, query = ''): Promise<Lead[]> {
  const { status, body } = await getList(portal, query)
  if (status !== 200) throw new Error(`${status} ${body}`)
  return JSON.parse(body.toString()) as Lead[]
}

/** What tells the leads of a list apart. */
export async function getGuids(portal: Portal, query = ''): Promise<string[]> {
  return (await getLeads(portal, query)).map(lead => lead.guid)
}

/** The message of a request that must be refused, with its status in front. */
export function refusalOf({ status, body }: Asked): string {
  const { message } = JSON.parse(body.toString()) as { message: string }
  return `${status} ${message}`
}
