import { Refusal } from '../../Refusal.ts'
import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { associationTypeOf } from '../associationTypes.ts'
import { crmRefusal } from '../crmRefusal.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import { isoTime } from '../properties/values.ts'
import { readObject } from '../readWanted.ts'
import type { AssociatedPage } from '../records/Associations.ts'
import type { Records } from '../records/Records.ts'
import { recordsOf } from '../recordsOf.ts'
import { readIds } from './batchRead.ts'

const maxInputs = 1_000
const pageSize = 500

/**
 * `POST /crm/associations/2026-09/{from}/{to}/batch/read`: the associations of up to a thousand records, 500 of each;
 * the rest follow for the `after` of that record. Records without any are left out.
 */
export function readAssociations(call: Call, served: Served, now: number): Answer {
  const { path, parts } = call
  const [from, to] = [recordsOf(served, parts[0]), recordsOf(served, parts[1])]
  const isDated = path.startsWith('/crm/associations/')
  const results = readIds(readObject(call.body), maxInputs).flatMap(({ id, after }) => {
    const seq = from.find(id)
    if (seq === undefined || from.isArchived(seq)) return []
    const page = served.crm.associations.page(from, seq, to, { after: readAfter(after), limit: pageSize })
    return page.ids.length === 0 ? [] : [{ from: { id }, ...pageJson(from, to, page, { id, isDated }, 'to') }]
  })
  const time = isoTime(now)
  return jsonAnswer({ status: 'COMPLETE', results, startedAt: time, completedAt: time })
}

/** `GET /crm/v4/objects/{from}/{id}/associations/{to}`: the associations of one record. */
export function listAssociations({ path, parts, query }: Call, served: Served): Answer {
  const [type, id = '', toType] = parts
  const [from, to] = [recordsOf(served, type), recordsOf(served, toType)]
  const seq = from.find(id)
  if (seq === undefined || from.isArchived(seq)) throw new Refusal(404, 'resource not found')
  const limit = Math.min(Math.max(Number(query.get('limit') ?? pageSize) || pageSize, 1), pageSize)
  const page = served.crm.associations.page(from, seq, to, {
    after: readAfter(query.get('after') ?? ''),
    limit,
  })
  const isDated = path.startsWith('/crm/objects/')
  return jsonAnswer(pageJson(from, to, page, { id, isDated }, 'results'))
}

function pageJson(
  from: Records,
  to: Records,
  { ids, after }: AssociatedPage,
  { id, isDated }: { id: string; isDated: boolean },
  name: 'to' | 'results',
): object {
  const associationTypes = [associationTypeOf(from.type, to.type)]
  const link = `https://api.hubapi.com/crm/v4/objects/${from.type.name}/${id}/associations/${to.type.name}?after=${after}`
  return {
    [name]: ids.map(toId => ({ toObjectId: isDated ? toId : Number(toId), associationTypes })),
    ...(after === undefined ? {} : { paging: { next: { after, link } } }),
  }
}

function readAfter(after: string): string {
  if (/^\d*$/.test(after)) return after
  throw crmRefusal(400, `Invalid after: expected that of an answer, got ${JSON.stringify(after)}`)
}
