import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { crmRefusal } from '../crmRefusal.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import { shortened } from '../pageFaults.ts'
import { wantedInQuery } from '../readWanted.ts'
import { recordsJson } from '../recordJson.ts'
import { recordsOf } from '../recordsOf.ts'

const defaultLimit = 10
const maxLimit = 100
const maxWithHistory = 50

/**
 * `GET /crm/objects/2026-09/{type}`: records in the order of their ids. `after` is the id at which the page starts,
 * whether a record has it or not; that of the next page is the last id plus 1.
 */
export function listObjects(call: Call, served: Served): Answer {
  const { query, parts, path, pageFaults } = call
  const records = recordsOf(served, parts[0])
  const wanted = wantedInQuery(call, served)
  const limit = readLimit(query, wanted.history.length > 0 ? maxWithHistory : maxLimit)
  const from = records.firstSeqFrom(readAfter(query))
  const seqs = records.list(from, readArchived(query), limit + 1)
  const page = shortened(seqs.slice(0, limit), pageFaults)
  const last = page.at(-1)
  const results = recordsJson(served.crm, records, page, wanted)
  if (last === undefined || seqs.length === page.length) return jsonAnswer({ results })
  const after = String(BigInt(records.idOf(last)) + 1n)
  return jsonAnswer({ results, paging: { next: { after, link: linkTo(path, query, after) } } })
}

/** Whether a request is for archived records. */
export function readArchived(query: URLSearchParams): boolean {
  const text = query.get('archived') ?? 'false'
  if (text === 'true' || text === 'false') return text === 'true'
  throw crmRefusal(400, `Invalid archived: expected true or false, got ${JSON.stringify(text)}`)
}

function readLimit(query: URLSearchParams, most: number): number {
  const text = query.get('limit') ?? String(defaultLimit)
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= most) return limit
  throw crmRefusal(
    400,
    `Invalid limit: expected a whole number from 1 to ${most}, got ${JSON.stringify(text)}`,
  )
}

/** "" is the beginning, as is a missing one. */
function readAfter(query: URLSearchParams): string {
  const after = query.get('after') || '0'
  if (/^\d+$/.test(after)) return after
  throw crmRefusal(400, `Invalid after: expected a record id, got ${JSON.stringify(after)}`)
}

/** The address of another page. Like HubSpot's, it does not name the host that the request was sent to. */
function linkTo(path: string, query: URLSearchParams, after: string): string {
  const next = new URLSearchParams(query)
  for (const name of ['access_token', 'hapikey']) next.delete(name)
  next.set('after', after)
  return `https://api.hubapi.com${path}?${next}`
}
