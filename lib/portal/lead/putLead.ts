import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { applyChanges } from './applyChanges.ts'
import { checkChanges } from './checkChanges.ts'
import { leadAnswer, seqOf } from './getLead.ts'
import { isJson, readJson } from './readJson.ts'

/**
 * `PUT /leads/v1/lead/{guid}`: changes the fields that the body names and answers the lead as it is then. A
 * body that does not call itself JSON changes nothing; that is answered 200 too, as portals have done.
 *
 * @throws Refusal 404 for a guid that no lead has, 400 for what can't be changed so.
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
