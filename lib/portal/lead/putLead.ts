import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { applyChanges } from './applyChanges.ts'
import { checkChanges } from './checkChanges.ts'
import { leadAnswer, seqOf } from './getLead.ts'
import { isJson, readJson } from './readJson.ts'

/**
 * `PUT /leads/v1/lead/{guid}`: changes the fields that the body names and answers the changed lead. A body without a
 * JSON content type changes nothing; the answer is also 200, as real portals have done.
 *
 * @throws Refusal 404 for a guid that does not exist, 400 for an invalid change.
 */
export function putLead(call: Call, { settings, store }: Served, now: number): Answer {
  const { guid, contentType, body } = call
  const seq = seqOf(store, guid)
  if (isJson(contentType)) {
    const changes = checkChanges(readJson(body), { guid, salesforce: settings.salesforce })
    store.update(seq, lead => applyChanges(lead, changes, now))
  }
  return leadAnswer(store, seq)
}
