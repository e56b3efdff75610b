import { setImmediate } from 'node:timers/promises'
import type { Settings } from '../checkOptions.ts'
import { Random } from '../data/Random.ts'
import { PortalError } from '../PortalError.ts'
import type { Store } from '../store/Store.ts'
import { makeObjects } from './makeObjects.ts'
import { contacts, everyPortalsTypes, type ObjectType, objectTypeOf } from './ObjectType.ts'
import { Associations } from './records/Associations.ts'
import { ContactRecords } from './records/ContactRecords.ts'
import type { NewRecord } from './records/NewRecord.ts'
import { ObjectRecords } from './records/ObjectRecords.ts'
import type { Records } from './records/Records.ts'

/** Number of records that are added at a time while a portal is filled. */
const turn = 1_000

/** The sequences before are those of the leads and of the fault rules. */
const firstSequence = 1_000

/** The records of all types, and the associations between them. */
export class Crm {
  readonly associations: Associations
  readonly #store: Store
  readonly #records = new Map<string, Records>()

  constructor(store: Store, { objects, properties }: Pick<Settings, 'objects' | 'properties'>) {
    this.#store = store
    this.associations = new Associations(store)
    const custom = (type: ObjectType) => properties.get(type.id) ?? []
    this.#records.set(contacts.id, new ContactRecords(store, custom(contacts)))
    for (const type of [...everyPortalsTypes, ...[...objects.keys()].flatMap(id => objectTypeOf(id) ?? [])]) {
      if (this.#records.has(type.id)) continue
      this.#records.set(type.id, new ObjectRecords(type, store, custom(type)))
    }
  }

  /** All types of the portal, contacts first. */
  get all(): readonly Records[] {
    return [...this.#records.values()]
  }

  /** The records of the type with this name or type id; undefined if the portal has no such type. */
  records(type: string): Records | undefined {
    return this.#records.get(objectTypeOf(type)?.id ?? '')
  }

  /**
   * Adds the records of the option `objects`.
   *
   * @throws PortalError LEADS for a record that is not one, for an id that is there already, and for an association
   * with a record that does not exist.
   */
  async fill({ objects, seed = 1, now }: Pick<Settings, 'objects' | 'seed' | 'now'>): Promise<void> {
    const people = this.#get(contacts.id)
    const last = this.#store.last
    const given: { records: Records; id: string; associations: NonNullable<NewRecord['associations']> }[] = []
    for (const [index, [id, source]] of [...objects].entries()) {
      const records = this.#get(id)
      if (typeof source === 'number') {
        const random = new Random(seed, firstSequence + index)
        const all = makeObjects(records.type, random, { count: source, contacts: last })
        for (const chunk of chunksOf(all)) {
          const ids = records.insert(
            chunk.map(({ record }) => record),
            now(),
          )
          const seqs = ids.map(one => records.seqOf(one) as number)
          this.associations.add(
            chunk.flatMap((one, place) =>
              one.contacts.map(seq => [records, seqs[place] as number, people, seq] as const),
            ),
          )
          await setImmediate()
        }
      } else {
        for await (const record of source) {
          const [added = ''] = records.insert([checkRecord(records.type, record)], now())
          if (record.associations !== undefined) {
            given.push({ records, id: added, associations: record.associations })
          }
        }
      }
    }
    for (const { records, id, associations } of given) this.associate(records, id, associations)
  }

  /** Associates a record with others, which must exist. */
  associate(from: Records, id: string, associations: NonNullable<NewRecord['associations']>): void {
    const fromSeq = seqIn(from, id)
    this.associations.add(this.seqsOf(associations).map(([to, toSeq]) => [from, fromSeq, to, toSeq] as const))
  }

  /** Finds associated records. */
  seqsOf(associations: NonNullable<NewRecord['associations']>): [to: Records, toSeq: number][] {
    return Object.entries(associations).flatMap(([type, ids]) => {
      const to = this.#get(type)
      return ids.map((id): [Records, number] => [to, seqIn(to, String(id))])
    })
  }

  /** Merges two records of a type, and returns the `seq` of what they became. */
  merge(type: string, seqs: readonly [number, number], now: number): number {
    const records = this.#get(type)
    const survivor = records.merge(seqs, now)
    this.associations.move(records, seqs, survivor)
    return survivor
  }

  #get(type: string): Records {
    const records = this.records(type)
    if (records === undefined) {
      throw new PortalError('LEADS', `The portal has no objects of the type ${JSON.stringify(type)}`)
    }
    return records
  }
}

/** @throws PortalError LEADS for an id that no record has. */
export function seqIn(records: Records, id: string): number {
  const seq = records.find(id)
  if (seq !== undefined) return seq
  throw new PortalError('LEADS', `No record of ${records.type.name} has the id ${JSON.stringify(id)}`)
}

/** @throws PortalError LEADS for a value that is not a record. */
export function checkRecord(type: ObjectType, record: unknown): NewRecord {
  const names = ['id', 'properties', 'archived', 'associations']
  const isRecord =
    typeof record === 'object' && record !== null && Object.keys(record).every(name => names.includes(name))
  if (isRecord) return record as NewRecord
  throw new PortalError('LEADS', `A record of ${type.name}: expected an object with only ${names.join(', ')}`)
}

function* chunksOf<T>(values: Iterable<T>): Generator<T[]> {
  let chunk: T[] = []
  for (const value of values) {
    chunk.push(value)
    if (chunk.length < turn) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
