import { Refusal } from '../Refusal.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { leadKeys } from '../store/findQuery.ts'
import type { Store } from '../store/Store.ts'

/*
 * A deleted lead is answered like any other, with `isDeleted: true`: deletion is soft, and a client that un-deletes
 * a lead needs to see it.
 */

/** `GET /leads/v1/lead/{guid}`: one lead, a JSON object. */
export function getLead({ guid }: Call, { store }: Served): Answer {
  return leadAnswer(store, seqOf(store, guid))
}

/**
 * `GET /leads/v1/lead/?email=…` (or userToken, or conversionEventGuid): one lead; of several, the store chooses one.
 */
export function findLead({ query }: Call, { store }: Served): Answer {
  const given = leadKeys.filter(key => query.has(key))
  const [key, ...others] = given
  if (key === undefined || others.length > 0) {
    const got = given.length === 0 ? 'none' : given.join(' and ')
    throw new Refusal(400, `Expected one of the parameters ${leadKeys.join(', ')}, got ${got}`)
  }
  const value = query.get(key)
  if (!value) throw new Refusal(400, `Parameter ${key}: expected a text that is not empty, got ""`)
  const seq = store.find(key, value)
  if (seq === undefined) throw new Refusal(404, `No lead has the ${key} ${JSON.stringify(value)}`)
  return leadAnswer(store, seq)
}

/** @throws Refusal 404 */
export function seqOf(store: Store, guid: string): number {
  const seq = store.find('guid', guid)
  if (seq === undefined) throw new Refusal(404, `No lead has the guid ${JSON.stringify(guid)}`)
  return seq
}

/** The current lead. */
export function leadAnswer(store: Store, seq: number): Answer {
  return { status: 200, headers: {}, body: [store.text(seq)] }
}
