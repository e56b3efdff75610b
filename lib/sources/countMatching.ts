import { onAbort } from '../async/onAbort.ts'
import { LeadpipeError } from '../errors.ts'
import type { HubSpotClient } from '../hubspot/HubSpotClient.ts'
import { leadsPath } from '../lead/apiQuirks.ts'
import { type PageQuery, serializeQuery } from '../lead/LeadsQuery.ts'
import { type Pager, sequentialPlan } from '../paging/Pager.ts'
import { clientPages } from './clientPages.ts'
import { OrderedReader } from './OrderedReader.ts'

/**
 * Counts the leads of a list by probing whether there is one at an offset: the offset doubles, then a binary search
 * finds the end. The API does not report a total.
 */
export async function countMatching(
  client: HubSpotClient,
  query: PageQuery,
  signal?: AbortSignal,
): Promise<number> {
  const source = clientPages<unknown, PageQuery>({
    client,
    target: query => ({ path: leadsPath, query: serializeQuery(query) }),
    recordOf: ({ value }) => value,
    maxDepth: 1_000,
    rejected: 'emit',
  })
  const reaches = async (offset: number): Promise<boolean> => {
    const probe = new Probe({ ...query, max: 1, ...(offset > 0 ? { offset } : {}) })
    const reader = new OrderedReader({ plan: sequentialPlan(probe, undefined), source })
    const unlisten = signal && onAbort(signal, () => reader.stop())
    try {
      // A stopped reader throws an error of its own, or returns nothing: the caller gets the reason of the abort.
      await reader.next().finally(() => signal?.throwIfAborted())
    } finally {
      unlisten?.()
      await reader.close()
    }
    return probe.isFound
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

/** Requests one page until an element of it has arrived, or it was read to its end. Delivers nothing. */
class Probe implements Pager<unknown, PageQuery, undefined> {
  /** Whether an element has arrived. */
  isFound = false
  #request: PageQuery | undefined

  constructor(request: PageQuery) {
    this.#request = request
  }

  next(): PageQuery | undefined {
    return this.#request
  }

  take(): undefined {
    this.isFound = true
  }

  finish(): void {
    this.#request = undefined
  }

  interrupt(): boolean {
    if (this.isFound) this.finish()
    return this.isFound
  }
}
