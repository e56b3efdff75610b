import { randomUUID } from 'node:crypto'
import { applyChanges } from '../../lead/applyChanges.ts'
import { isObject } from '../../leads/isObject.ts'
import { PortalError } from '../../PortalError.ts'
import { textQuery } from '../../store/pageQuery.ts'
import type { JsonLead, Store } from '../../store/Store.ts'
import { contacts } from '../ObjectType.ts'
import { contactProperties, customContactProperty } from '../properties/contactProperties.ts'
import type { StoredRecord } from '../properties/Property.ts'
import type { PropertyDefinition } from '../properties/PropertyDefinition.ts'
import { recordIdOf, seqOfRecordId } from '../recordId.ts'
import { mergeLeads } from './mergeLeads.ts'
import type { NewRecord, Properties } from './NewRecord.ts'
import { Records } from './Records.ts'
import { readValues, type Values } from './readValues.ts'

/** Contacts: the leads, with an id that follows from their place. */
export class ContactRecords extends Records {
  constructor(store: Store, custom: readonly PropertyDefinition[]) {
    const customProperties = custom.map(definition => ({
      ...customContactProperty(definition.name, definition.type ?? 'string'),
      ...definition,
      type: definition.type ?? 'string',
    }))
    super(contacts, 'lead', store, [...contactProperties, ...customProperties])
  }

  idOf(seq: number): string {
    return recordIdOf(seq)
  }

  seqOf(id: string): number | undefined {
    return seqOfRecordId(id)
  }

  survivorOf(seq: number): number | undefined {
    return this.store.survivorOf(seq)
  }

  findBy(property: string, value: string): number | undefined {
    if (property === 'email')
      return this.store.find('email', value) ?? this.store.find('email', value.toLowerCase())
    const sql =
      'SELECT lead.seq FROM lead JOIN body ON body.seq = lead.seq WHERE body.withoutEvents ->> ? = ? ORDER BY lead.isDeleted LIMIT 1'
    return this.rows<[number]>(sql, `$."${property}"`, value)[0]?.[0]
  }

  read(seqs: readonly number[], withEvents: boolean): StoredRecord[] {
    const texts = new Map(this.store.rows<[number, Buffer]>(textQuery(!withEvents, seqs)))
    return seqs.flatMap(seq => {
      const text = texts.get(seq)
      return text === undefined ? [] : [storedRecord(seq, JSON.parse(text.toString()))]
    })
  }

  insert(records: Iterable<NewRecord>, now: number): string[] {
    const before = this.store.last
    this.store.insert([...records].map(record => this.#newLead(record, now)))
    return Array.from({ length: this.store.last - before }, (_, index) => this.idOf(before + 1 + index))
  }

  update(seq: number, properties: Properties, now: number): void {
    const { values, createdAt, updatedAt } = readValues(this.type, properties)
    const changes = this.#changesOf(values)
    this.store.update(seq, lead => ({
      ...applyChanges(lead, changes, now),
      ...(createdAt === undefined ? {} : { insertedAt: createdAt }),
      ...(updatedAt === undefined ? {} : { lastModifiedAt: updatedAt }),
    }))
  }

  archive(seq: number, isArchived: boolean, now: number): void {
    this.store.update(seq, lead => {
      const changed = applyChanges(lead, { isDeleted: isArchived }, now)
      return isArchived ? { ...changed, lastModifiedAt: lead.lastModifiedAt } : changed
    })
  }

  merge(seqs: readonly [number, number], now: number): number {
    const ids = seqs.map(seq => this.idOf(seq))
    this.store.merge(seqs, (first, second) => mergeLeads(first, second, ids, now))
    return this.store.last
  }

  #newLead({ id, properties = {}, archived = false }: NewRecord, now: number): JsonLead {
    if (id !== undefined) throw new PortalError('LEADS', `A contact can't be given the id ${id}`)
    const guid = randomUUID().replaceAll('-', '')
    const { values, createdAt = Math.trunc(now), updatedAt = createdAt } = readValues(this.type, properties)
    const lead = { guid, id: guid, insertedAt: createdAt, isDeleted: false, leadConversionEvents: [] }
    const changes = { ...this.#changesOf(values), ...(archived ? { isDeleted: true } : {}) }
    return { ...applyChanges(lead, changes, updatedAt), lastModifiedAt: updatedAt }
  }

  #changesOf(values: Values): JsonLead {
    const changes: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(values)) {
      const property = this.property(name)
      if (property?.change === undefined) {
        const reason = property === undefined ? 'contacts have no such property' : 'it is read-only'
        throw new PortalError('LEADS', `Property ${name} of contacts can't be set: ${reason}`)
      }
      Object.assign(changes, property.change(value))
    }
    return changes
  }
}

function storedRecord(seq: number, lead: JsonLead): StoredRecord {
  const timeIn = (object: JsonLead, name: string): number =>
    typeof object[name] === 'number' ? (object[name] as number) : 0
  const updatedAt = timeIn(lead, 'lastModifiedAt')
  const logs = Array.isArray(lead.leadDeleteLogs) ? lead.leadDeleteLogs.filter(isObject) : []
  const archivedAt = timeIn(logs.at(-1) ?? {}, 'insertedAt') || updatedAt
  return {
    id: recordIdOf(seq),
    createdAt: timeIn(lead, 'insertedAt'),
    updatedAt,
    archivedAt: lead.isDeleted === true ? archivedAt : undefined,
    source: lead,
  }
}
