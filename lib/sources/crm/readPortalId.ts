import { LeadpipeError } from '../../errors.ts'
import { type HubSpotClient, reading } from '../../hubspot/HubSpotClient.ts'

/** The account that the client reads; undefined if the portal does not say it, because a scope is missing. */
export async function readPortalId(
  client: HubSpotClient,
  options: Parameters<HubSpotClient[typeof reading]['json']>[2],
): Promise<number | undefined> {
  try {
    const details = await client[reading].json('/account-info/v3/details', '', options)
    const { portalId: id } = (details ?? {}) as { portalId?: unknown }
    return typeof id === 'number' ? id : undefined
  } catch (error) {
    const { status } = error instanceof LeadpipeError ? (error.context as { status?: number }) : {}
    if (status === 403 || status === 404) return undefined
    throw error
  }
}
