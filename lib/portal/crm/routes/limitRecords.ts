import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import type { Records } from '../records/Records.ts'

/** The number of records of one type that HubSpot allows an account. */
const limit = 15_000_000

/** `GET /crm/v3/limits/records`: the number of records of each type, without the archived ones. */
export function limitRecords(_: Call, { crm }: Served): Answer {
  const isCustom = ({ type }: Records): boolean => type.id.startsWith('2-')
  return jsonAnswer({
    hubspotDefinedObjectTypes: crm.all.filter(records => !isCustom(records)).map(usageOf),
    customObjectTypes: crm.all.filter(isCustom).map(usageOf),
  })
}

function usageOf({ type, count }: Records): object {
  return {
    objectTypeId: type.id,
    singularLabel: type.singular,
    pluralLabel: type.name,
    usage: count,
    limit,
    percentage: (100 * count) / limit,
  }
}
