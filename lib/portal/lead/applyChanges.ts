import { sources } from '../data/words/sources.ts'
import type { JsonLead } from '../store/Store.ts'
import type { Changes } from './checkChanges.ts'

/**
 * A lead after a change, with all consequences according to the API's documentation. A consequence overrides the
 * same field of the change itself.
 *
 * @param now milliseconds since 1970; lastModifiedAt becomes this time, or the old one plus a millisecond if that is
 * later
 */
export function applyChanges(lead: JsonLead, changes: Changes, now: number): JsonLead {
  const time = Math.max(Math.trunc(now), numberOf(lead.lastModifiedAt) + 1)
  const changed = { ...lead, ...changes }
  return {
    ...changed,
    ...('closedAt' in changes ? closing(lead, changed, time) : {}),
    ...('isDeleted' in changes ? deletion(lead, changed, time) : {}),
    ...(sourceFields.some(name => name in changes) ? source(changed, time) : {}),
    lastModifiedAt: time,
  }
}

/** A time closes the lead; "", and 0, which the API answers for "never", re-open it. */
function closing(lead: JsonLead, changed: JsonLead, time: number): JsonLead {
  const closedAt = numberOf(changed.closedAt)
  const [was, is] = [lead.isCustomer === true, closedAt > 0]
  if (was === is) return { closedAt, isCustomer: is }
  return {
    closedAt,
    customerStatusModifiedAt: time,
    isCustomer: is,
    leadCustomerStatusModifyLogs: logged(changed.leadCustomerStatusModifyLogs, was, time),
  }
}

function deletion(lead: JsonLead, changed: JsonLead, time: number): JsonLead {
  const was = lead.isDeleted === true
  return was === changed.isDeleted ? {} : { leadDeleteLogs: logged(changed.leadDeleteLogs, was, time) }
}

const sourceFields = ['sourceId', 'sourceValue1', 'sourceValue2']

function source(changed: JsonLead, time: number): JsonLead {
  const named = sources.find(({ id }) => id === changed.sourceId)
  const foundVia = named?.name ?? changed.foundVia
  return {
    foundVia,
    fullFoundViaString: [foundVia, changed.sourceValue1, changed.sourceValue2].filter(Boolean).join(' - '),
    sourceValueModifiedAt: time,
  }
}

/** A log with one more entry. The documentation only shows an entry of the status log; both logs have the same form. */
function logged(log: unknown, previousState: boolean, insertedAt: number): readonly unknown[] {
  const entries: readonly { id?: unknown }[] = Array.isArray(log) ? log : []
  const id = 1 + Math.max(0, ...entries.map(entry => numberOf(entry?.id)))
  return [...entries, { id, insertedAt, previousState }]
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
