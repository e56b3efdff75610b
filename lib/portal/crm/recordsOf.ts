import type { Served } from '../server/Served.ts'
import { crmRefusal, requireScope } from './crmRefusal.ts'
import { scopeOf } from './ObjectType.ts'
import type { Records } from './records/Records.ts'

/**
 * The records of the type that a path names.
 *
 * @throws Refusal 400 for a type that the portal does not have, 403 if the token may not read it.
 */
export function recordsOf({ crm, settings }: Served, type = ''): Records {
  const records = crm.records(type)
  if (records === undefined) throw crmRefusal(400, `Unable to infer object type from: ${type}`)
  requireScope(settings, scopeOf(records.type))
  return records
}
