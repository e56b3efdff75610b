import type { Json } from './listModel.ts'

/*
 * A second implementation of PUT, from the API's documentation.
 */

const sourceNames = [
  '',
  'Organic Search',
  'Referrals',
  'Paid Search',
  'Direct Traffic',
  'Email Marketing',
  'Social Media',
  'Other Campaigns',
]

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  closedAt: value => value === '' || (Number.isInteger(value) && (value as number) >= 0),
  sourceId: value => Number.isInteger(value) && sourceNames.slice(1)[(value as number) - 1] !== undefined,
  insertedAt: Number.isInteger,
  score: value => typeof value === 'number',
  isDeleted: value => typeof value === 'boolean',
  emailOptOut: value => typeof value === 'boolean',
  ...Object.fromEntries(
    ['email', 'city', 'firstName', 'foundVia', 'sourceValue1', 'sourceValue2', 'firstURL', 'firstUrl'].map(
      name => [name, (value: unknown) => typeof value === 'string'],
    ),
  ),
}

/** The lead after a PUT of these changes, or undefined if it must be refused with 400. */
export function put(lead: Json, body: Json, now: number): Json | undefined {
  const { guid = lead.guid, id = lead.guid, ...changes } = body
  if (guid !== lead.guid || id !== lead.guid) return undefined
  if (!Object.entries(changes).every(([name, value]) => kinds[name]?.(value))) return undefined
  const { firstUrl, ...renamed } = changes
  const next: Json = { ...lead, ...renamed }
  if (firstUrl !== undefined) next.firstURL = firstUrl
  const time = Math.max(now, ((lead.lastModifiedAt as number | undefined) ?? 0) + 1)
  next.lastModifiedAt = time
  if ('closedAt' in changes) {
    next.closedAt = changes.closedAt === '' ? 0 : changes.closedAt
    next.isCustomer = next.closedAt !== 0
    if (next.isCustomer !== (lead.isCustomer ?? false)) {
      next.customerStatusModifiedAt = time
      next.leadCustomerStatusModifyLogs = logged(lead.leadCustomerStatusModifyLogs, !next.isCustomer, time)
    }
  }
  if ('isDeleted' in changes && changes.isDeleted !== (lead.isDeleted ?? false)) {
    next.leadDeleteLogs = logged(lead.leadDeleteLogs, !changes.isDeleted, time)
  }
  if (['sourceId', 'sourceValue1', 'sourceValue2'].some(name => name in changes)) {
    if (next.sourceId !== undefined) next.foundVia = sourceNames[next.sourceId as number]
    const parts = [next.foundVia, next.sourceValue1, next.sourceValue2]
    next.fullFoundViaString = parts.filter(part => part !== undefined && part !== '').join(' - ')
    next.sourceValueModifiedAt = time
  }
  return next
}

function logged(log: unknown, previousState: boolean, insertedAt: number): Json[] {
  const entries = (log ?? []) as Json[]
  return [...entries, { id: entries.length + 1, insertedAt, previousState }]
}
