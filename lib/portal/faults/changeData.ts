import { makeArrival } from '../data/makeArrival.ts'
import type { Random } from '../data/Random.ts'
import { applyChanges } from '../lead/applyChanges.ts'
import { tiePrime } from '../store/pageQuery.ts'
import type { JsonLead, Store } from '../store/Store.ts'
import type { ChangeFault } from './Fault.ts'
import type { Change } from './FaultPlan.ts'

/**
 * Changes the data as a fault says.
 *
 * @param now milliseconds since 1970
 */
export function changeData({ fault, random }: Change, store: Store, now: number): void {
  if (fault.kind === 'reorder') {
    store.reorderTies(random.integer(2, tiePrime - 1))
    return
  }
  const { kind, count = 1 } = fault
  if (kind === 'insert') store.insert(newLeads(count, random, store, now))
  else for (let n = 0; n < count; n++) changeOne(kind, random, store, now)
}

function* newLeads(count: number, random: Random, store: Store, now: number): Generator<JsonLead> {
  const first = store.leads
  for (let n = 0; n < count; ) {
    const lead = makeArrival(random, first + n, now)
    // A store from an earlier start may hold leads of the same draws.
    if (store.find('guid', lead.guid) !== undefined) continue
    yield { ...lead }
    n++
  }
}

const changes = { delete: { isDeleted: true }, undelete: { isDeleted: false }, touch: {} } as const

function changeOne(kind: Exclude<ChangeFault['kind'], 'insert'>, random: Random, store: Store, now: number) {
  if (store.leads === 0) return
  const seq = store.next(random.integer(1, store.leads), kind === 'undelete')
  if (seq !== undefined) store.update(seq, lead => applyChanges(lead, changes[kind], now))
}
