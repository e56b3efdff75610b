import { isObject } from '../../leads/isObject.ts'
import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { crmRefusal } from '../crmRefusal.ts'
import { findRecord } from '../findRecord.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import { isoTime } from '../properties/values.ts'
import { readObject, wantedInBody } from '../readWanted.ts'
import { recordsJson } from '../recordJson.ts'
import { recordsOf } from '../recordsOf.ts'
import { readArchived } from './listObjects.ts'

const maxInputs = 100
const maxWithHistory = 50

/**
 * `POST /crm/objects/2026-09/{type}/batch/read`: up to a hundred records. Merged ones are answered by what they
 * became, each once. Ids without a record are named in `errors`, with status 207.
 */
export function batchRead(call: Call, served: Served, now: number): Answer {
  const { parts, path, pageFaults } = call
  const records = recordsOf(served, parts[0])
  const body = readObject(call.body)
  const wanted = wantedInBody(body, path)
  const idProperty = readIdProperty(body.idProperty)
  const inputs = readIds(body, wanted.history.length > 0 ? maxWithHistory : maxInputs).map(({ id }) => id)
  const isArchived = readArchived(call.query)
  const found = new Map(inputs.map(id => [id, findRecord(records, id, idProperty, isArchived)]))
  const missing = inputs.filter(id => found.get(id) === undefined)
  const seqs = [...new Set([...found.values()].filter(seq => seq !== undefined))]
  const lost = pageFaults.reduce((sum, fault) => sum + (fault.kind === 'lost' ? (fault.count ?? 1) : 0), 0)
  const time = isoTime(now)
  const results = recordsJson(served.crm, records, seqs.slice(lost), wanted)
  const times = { requestedAt: time, startedAt: time, completedAt: time }
  if (missing.length === 0) return jsonAnswer({ status: 'COMPLETE', results, ...times })
  const { singular } = records.type
  const error = {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids: missing },
  }
  return jsonAnswer({ status: 'COMPLETE', results, numErrors: 1, errors: [error], ...times }, 207)
}

/** An input of a batch. */
export interface Input {
  readonly id: string
  readonly after: string
}

/** @throws Refusal 400 for inputs that are no ids, and for too many. */
export function readIds(body: Readonly<Record<string, unknown>>, most: number): readonly Input[] {
  const { inputs } = body
  if (!Array.isArray(inputs)) throw crmRefusal(400, 'Invalid input JSON: inputs: expected an array')
  if (inputs.length > most) {
    throw crmRefusal(400, `Invalid input JSON: inputs: expected at most ${most}, got ${inputs.length}`)
  }
  return inputs.map(input => {
    const { id, after = '' } = isObject(input) ? input : {}
    if (typeof id === 'string' || typeof id === 'number') return { id: String(id), after: String(after) }
    throw crmRefusal(400, 'Invalid input JSON: inputs: expected objects with an id')
  })
}

function readIdProperty(name: unknown): string | undefined {
  if (name === undefined || name === null || typeof name === 'string') return name ?? undefined
  throw crmRefusal(400, 'Invalid input JSON: idProperty: expected a text')
}
