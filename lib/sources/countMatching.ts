import { decodeBody } from '../decode/ElementDecoder.ts'
import { expressDecoder } from '../decode/expressDecoder.ts'
import { LeadpipeError } from '../errors.ts'
import type { LeadsClient } from '../hubspot/LeadsClient.ts'
import { leadsPath } from '../lead/apiQuirks.ts'
import { type PageQuery, serializeQuery } from '../lead/LeadsQuery.ts'

const limits = { path: [], maxLeadBytes: 16 * 1024 * 1024, maxDepth: 1_000 }

/**
 * Counts the leads of a list by probing whether there is one at an offset: the offset doubles, then a binary search
 * finds the end. The API does not report a total.
 */
export async function countMatching(
  client: LeadsClient,
  query: PageQuery,
  signal?: AbortSignal,
): Promise<number> {
  let probes = 0
  const reaches = async (offset: number): Promise<boolean> => {
    probes += 1
    const page = { ...query, max: 1, ...(offset > 0 ? { offset } : {}) }
    const { body } = await client.get(leadsPath, serializeQuery(page), { signal })
    const decoder = expressDecoder({ page: probes, ...limits, rejected: 'emit' })
    let found = false
    for await (const elements of decodeBody(body, decoder, { page: probes, origin: client.origin })) {
      for (const _ of elements) found = true
    }
    return found
  }
  let [low, high] = [0, 1]
  if (!(await reaches(0))) return 0
  while (await reaches(high)) {
    low = high
    high *= 2
    if (high > Number.MAX_SAFE_INTEGER / 2) throw new LeadpipeError('PAGING', 'the server ignores offset')
  }
  // There is a lead at low, and none at high.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await reaches(middle)) low = middle
    else high = middle
  }
  return high
}
