import { Refusal } from '../../Refusal.ts'
import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { findRecord } from '../findRecord.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import { wantedInQuery } from '../readWanted.ts'
import { recordsJson } from '../recordJson.ts'
import { recordsOf } from '../recordsOf.ts'
import { readArchived } from './listObjects.ts'

/** `GET /crm/objects/2026-09/{type}/{id}`: one record; a merged one is answered by what it became. */
export function getObject(call: Call, served: Served): Answer {
  const { parts, query } = call
  const records = recordsOf(served, parts[0])
  const seq = findRecord(records, parts[1] ?? '', query.get('idProperty') ?? undefined, readArchived(query))
  if (seq === undefined) throw new Refusal(404, 'resource not found')
  const [record] = recordsJson(served.crm, records, [seq], wantedInQuery(call, served))
  return jsonAnswer(record)
}
