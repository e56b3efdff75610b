import type { Portal } from '../../lib/portal/index.ts'
import type { KillableLead } from '../support/killableLeads.ts'

/** The guids of the leads that are unchanged in a portal, and not deleted. */
export async function steady(portal: Portal, before: readonly KillableLead[]): Promise<Set<string>> {
  const found = new Set<string>()
  const present = before.filter(({ isDeleted }) => !isDeleted)
  for (let from = 0; from < present.length; from += 100) {
    const wanted = present.slice(from, from + 100)
    const now = new Map((await listed(portal, wanted)).map(lead => [lead.guid, JSON.stringify(lead)]))
    for (const lead of wanted) if (now.get(lead.guid) === JSON.stringify(lead)) found.add(lead.guid)
  }
  return found
}

/** Requests leads by guid until a response is whole: the portal still has its faults. */
async function listed(
  { origin, accessToken }: Portal,
  wanted: readonly KillableLead[],
): Promise<KillableLead[]> {
  const parameters = new URLSearchParams({ access_token: accessToken, max: '100' })
  for (const [index, { guid }] of wanted.entries()) parameters.append(`guids[${index}]`, guid)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(`${origin}/leads/v1/list?${parameters}`)
      if (answer.ok) return (await answer.json()) as KillableLead[]
    } catch (error) {
      // A fault; the next response may be whole.
      if (attempt === 100) throw error
    }
  }
}
