import { LeadpipeError, messageOf } from '../../errors.ts'
import type { HttpCounts } from './httpState.ts'

/** A SINK error that says where records went, why they go no further, and how many are there. */
export function deliveryError(cause: unknown, url: string, counts: HttpCounts): LeadpipeError {
  const { received, acknowledged } = counts
  const unacknowledged = received - acknowledged
  const known = cause instanceof LeadpipeError ? cause : undefined
  const status = known?.context.status
  const sums = `of ${received} records received, ${acknowledged} were acknowledged and ${unacknowledged} were not`
  return new LeadpipeError('SINK', `can't deliver to ${url}: ${reasonOf(cause, url)}; ${sums}`, {
    retryable: known?.retryable ?? false,
    cause,
    context: { url, acknowledged, unacknowledged, ...(status === undefined ? {} : { status }) },
  })
}

/** The reason without the URL, which stands in front of it already. */
function reasonOf(cause: unknown, url: string): string {
  const message = messageOf(cause).replace(`${url} answered `, 'it answered ')
  const origin = `${new URL(url).origin}: `
  return message.startsWith(origin) ? message.slice(origin.length) : message
}
