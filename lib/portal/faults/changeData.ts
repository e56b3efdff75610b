import { contacts } from '../crm/ObjectType.ts'
import { makeArrival } from '../data/makeArrival.ts'
import type { Random } from '../data/Random.ts'
import { applyChanges } from '../lead/applyChanges.ts'
import type { Served } from '../server/Served.ts'
import { tiePrime } from '../store/pageQuery.ts'
import type { JsonLead, Store } from '../store/Store.ts'
import type { ChangeFault } from './Fault.ts'
import type { Change } from './FaultPlan.ts'

/**
 * Changes the data as a fault says.
 *
 * @param now milliseconds since 1970
 */
export function changeData({ fault, random }: Change, { store, crm }: Served, now: number): void {
  if (fault.kind === 'reorder') {
    store.reorderTies(random.integer(2, tiePrime - 1))
    return
  }
  const { kind, count = 1 } = fault
  if (kind === 'insert') store.insert(newLeads(count, random, store, now))
  else if (kind === 'merge') for (let n = 0; n < count; n++) mergeTwo(random, { store, crm }, now)
  else for (let n = 0; n < count; n++) changeOne(kind, random, { store, crm }, now)
}

function* newLeads(count: number, random: Random, store: Store, now: number): Generator<JsonLead> {
  const first = store.last
  for (let n = 0; n < count; ) {
    const lead = makeArrival(random, first + n, now)
    // A store from an earlier start may hold leads of the same draws.
    if (store.find('guid', lead.guid) !== undefined) continue
    yield { ...lead }
    n++
  }
}

type Data = Pick<Served, 'store' | 'crm'>

const changes = { delete: { isDeleted: true }, undelete: { isDeleted: false }, touch: {} } as const

type OneLead = Exclude<ChangeFault['kind'], 'insert' | 'merge'>

function changeOne(kind: OneLead, random: Random, { store, crm }: Data, now: number): void {
  if (store.leads === 0) return
  const seq = store.next(random.integer(1, store.last), kind === 'undelete')
  if (seq === undefined) return
  if (kind === 'archive') crm.records(contacts.id)?.archive(seq, true, now)
  else store.update(seq, lead => applyChanges(lead, changes[kind], now))
}

function mergeTwo(random: Random, { store, crm }: Data, now: number): void {
  if (store.leads === 0) return
  const first = store.next(random.integer(1, store.last), false)
  const second = store.next(random.integer(1, store.last), false)
  if (first !== undefined && second !== undefined && first !== second)
    crm.merge(contacts.id, [first, second], now)
}
