import type { Portal } from '../../lib/portal/index.ts'
import type { KillableLead } from '../support/killableLeads.ts'

/** The guids of those leads that a portal still holds as they were, and does not call deleted. */
export async function steady(portal: Portal, before: readonly KillableLead[]): Promise<Set<string>> {
  const found = new Set<string>()
  const there = before.filter(({ isDeleted }) => !isDeleted)
  for (let from = 0; from < there.length; from += 100) {
    const asked = there.slice(from, from + 100)
    const now = new Map((await listed(portal, asked)).map(lead => [lead.guid, JSON.stringify(lead)]))
    for (const lead of asked) if (now.get(lead.guid) === JSON.stringify(lead)) found.add(lead.guid)
  }
  return found
}

/** Asks until the portal answers: its faults go on. */
async function listed(
  { origin, accessToken }: Portal,
  asked: readonly KillableLead[],
): Promise<KillableLead[]> {
  const parameters = new URLSearchParams({ access_token: accessToken, max: '100' })
  for (const [index, { guid }] of asked.entries()) parameters.append(`guids[${index}]`, guid)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(`${origin}/leads/v1/list?${parameters}`)
      if (answer.ok) return (await answer.json()) as KillableLead[]
    } catch (error) {
      // A fault: the next answer may be whole.
      if (attempt === 100) throw error
    }
  }
}
