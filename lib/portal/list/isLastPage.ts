import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { readListRequest } from './readListRequest.ts'

/** Whether a list has fewer leads than its maximum; false for a list that is refused. */
export function isLastPage({ query }: Call, { settings, store }: Served, now: number): boolean {
  try {
    const { startTime, stopTime } = settings
    const request = readListRequest(query, { startTime, stopTime, now })
    return store.page(request).length < request.max
  } catch {
    return false
  }
}
