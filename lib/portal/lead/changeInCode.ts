import type { Lead } from '../../lead/Lead.ts'
import { refused } from '../checkOption.ts'
import { plainLead } from '../leads/plainLead.ts'
import { PortalError } from '../PortalError.ts'
import { Refusal } from '../Refusal.ts'
import type { Served } from '../server/Served.ts'
import { applyChanges } from './applyChanges.ts'
import { checkChanges } from './checkChanges.ts'
import { seqOf } from './getLead.ts'

type PortalState = Pick<Served, 'settings' | 'store'>

/** Implements `portal.update`: a PUT without HTTP. */
export function updateInCode({ settings, store }: PortalState, guid: string, given: unknown): Lead {
  try {
    const seq = seqOf(store, guid)
    const changes = checkChanges(plainLead(given, 1), { guid, salesforce: settings.salesforce })
    store.update(seq, lead => applyChanges(lead, changes, settings.now()))
    return JSON.parse(store.text(seq).toString())
  } catch (cause) {
    if (cause instanceof Refusal) throw new PortalError('LEADS', cause.message, { cause })
    throw cause
  }
}

/** Implements `portal.insert`. */
export function insertInCode({ store }: PortalState, leads: Iterable<object>): void {
  if (typeof leads !== 'object' || leads === null || !(Symbol.iterator in leads))
    throw refused('leads', 'an iterable of objects, such as [lead]', leads, 'portal.insert()')
  store.insert(plainLeads(leads))
}

function* plainLeads(leads: Iterable<object>) {
  let count = 0
  for (const lead of leads) yield plainLead(lead, ++count)
}
