import type { AnyRecord, Association, AssociationType } from '../../crm/CrmRecord.ts'
import { describe, LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { AssociationsRequest } from './CrmRequest.ts'

/** The most records in one request of the associations API. */
const maxInputs = 1_000

/** The associations of one record with those of another type, while they are read. */
interface Reading {
  readonly record: AnyRecord
  readonly to: string
  readonly found: Map<string, Association>
  /** The cursor of the next page; absent for the first. */
  after?: string
  /** Whether the last answer was about it. */
  isAnswered: boolean
}

/** An element of an answer of the associations API. Version 4 gives ids as numbers, later ones as text. */
interface Answer {
  from?: { id?: unknown }
  to?: { toObjectId?: unknown; associationTypes?: AssociationType[] }[]
  paging?: { next?: { after?: unknown } | null } | null
}

/** Reads the associations of the records of a page, and adds them to the records. */
export class AssociationsReader {
  #pending: Reading[] = []
  #asked: Reading[] = []
  /** Whether the last answer brought anything. */
  hasProgress = false

  /** Adds a record whose associations with a type are needed; those that it has are replaced. */
  need(record: AnyRecord, to: string): void {
    this.#pending.push({ record, to, found: new Map(), isAnswered: false })
  }

  /** Whether every record has its associations. */
  get isDone(): boolean {
    return this.#pending.length === 0
  }

  /** The next request; undefined if every record has its associations. */
  next(): AssociationsRequest | undefined {
    const to = this.#pending[0]?.to
    if (to === undefined) return undefined
    this.#asked = this.#pending.filter(reading => reading.to === to).slice(0, maxInputs)
    this.hasProgress = false
    const inputs = this.#asked.map(reading => {
      reading.isAnswered = false
      const { record, after } = reading
      return after === undefined ? { id: record.id } : { id: record.id, after }
    })
    return { kind: 'associations', max: inputs.length, to, inputs }
  }

  /** Receives an element of the answer. */
  take(element: unknown): void {
    if (element instanceof Rejected) throw unreadable(element.message)
    const { from, to, paging } = (element ?? {}) as Answer
    const id = String(from?.id)
    const reading = this.#asked.find(({ record }) => record.id === id)
    if (reading === undefined || !Array.isArray(to)) {
      throw unreadable('an element is not about one of the records that were asked for')
    }
    reading.isAnswered = true
    const known = reading.found.size
    for (const { toObjectId, associationTypes = [] } of to) {
      const other = recordIdOf(toObjectId)
      reading.found.set(other, { id: other, associationTypes })
    }
    const after = paging?.next?.after
    if (after === undefined || after === null) {
      this.#done(reading)
      this.hasProgress = true
      return
    }
    if (String(after) === reading.after || reading.found.size === known) throw repeats(reading, String(after))
    reading.after = String(after)
    this.hasProgress = true
  }

  /** Called when an answer is complete: a record that is not in it has no associations. */
  finish(): void {
    for (const reading of this.#asked) if (!reading.isAnswered) this.#done(reading)
  }

  #done(reading: Reading): void {
    const { record, to, found } = reading
    this.#pending = this.#pending.filter(other => other !== reading)
    const { [to]: _, ...others } = record.associations ?? {}
    if (found.size > 0) record.associations = { ...others, [to]: { results: [...found.values()] } }
  }
}

/** An id in an answer. A long number is refused, because it may have lost digits. */
function recordIdOf(id: unknown): string {
  if (typeof id === 'string' || Number.isSafeInteger(id)) return String(id)
  throw unreadable(`an id is ${describe(id)}, expected text or an integer that a double holds`)
}

const unreadable = (problem: string) =>
  new LeadpipeError('DECODE', `the associations can't be read: ${problem}`, {
    context: { problem: 'malformed' },
  })

const repeats = ({ record: { id }, to }: Reading, after: string) =>
  new LeadpipeError(
    'PAGING',
    `paging makes no progress: the associations of record ${id} with ${to} go on after ${JSON.stringify(after)}, without new ones`,
  )
