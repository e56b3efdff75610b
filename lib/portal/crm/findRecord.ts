import { crmRefusal } from './crmRefusal.ts'
import type { Records } from './records/Records.ts'

/**
 * The `seq` of the record with an id, or with another unique value; undefined if there is none, or if it is archived
 * although it must not be, or the reverse.
 *
 * @throws Refusal 400 for a property whose values are not unique.
 */
export function findRecord(
  records: Records,
  value: string,
  idProperty: string | undefined,
  isArchived: boolean,
): number | undefined {
  const seq = isId(idProperty) ? records.find(value) : findBy(records, idProperty, value)
  return seq !== undefined && records.isArchived(seq) === isArchived ? seq : undefined
}

const isId = (idProperty: string | undefined): idProperty is undefined | 'hs_object_id' =>
  idProperty === undefined || idProperty === 'hs_object_id'

function findBy(records: Records, idProperty: string, value: string): number | undefined {
  const isEmail = idProperty === 'email' && records.type.name === 'contacts'
  if (isEmail || records.property(idProperty)?.hasUniqueValue === true)
    return records.findBy(idProperty, value)
  throw crmRefusal(400, `Invalid idProperty: ${idProperty} of ${records.type.name} has no unique values`)
}
