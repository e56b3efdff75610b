import type { PageFault } from '../../faults/Fault.ts'
import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import { shortened } from '../pageFaults.ts'
import { readObject, wantedInBody } from '../readWanted.ts'
import { recordsJson } from '../recordJson.ts'
import { recordsOf } from '../recordsOf.ts'
import { readSearch } from '../search/readSearch.ts'
import { outsideOf, runSearch } from '../search/runSearch.ts'

const defaultLag = 60_000

/** `POST /crm/objects/2026-09/{type}/search`: records that match, by pages of an offset, within the first 10,000. */
export function searchObjects(
  { body: bytes, parts, path, pageFaults }: Call,
  served: Served,
  now: number,
): Answer {
  const { crm, settings } = served
  const records = recordsOf(served, parts[0])
  const body = readObject(bytes)
  const request = readSearch(body, records)
  const lag = Math.max(settings.searchLag, ...pageFaults.map(lagOf))
  const isUnsorted = pageFaults.some(({ kind }) => kind === 'unsorted')
  const outside = pageFaults.reduce(
    (sum, fault) => sum + (fault.kind === 'outside' ? (fault.count ?? 1) : 0),
    0,
  )
  const index = { newest: lag === 0 ? undefined : now - lag, isUnsorted }
  const { seqs, total } = runSearch(records, request, index)
  // A page keeps its size, and at least one record that matches: the next one starts behind those.
  const strangers = outsideOf(records, request, Math.min(outside, Math.max(0, seqs.length - 1)))
  const page = shortened(seqs.slice(0, request.limit - strangers.length), pageFaults)
  const results = recordsJson(crm, records, [...strangers, ...page], wantedInBody(body, path))
  const after = request.offset + page.length
  const paging = page.length > 0 && after < total ? { paging: { next: { after: String(after) } } } : {}
  return jsonAnswer({ total, results, ...paging })
}

function lagOf(fault: PageFault): number {
  return fault.kind === 'lag' ? (fault.milliseconds ?? defaultLag) : 0
}
