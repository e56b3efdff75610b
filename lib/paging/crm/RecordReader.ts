import { type AnyRecord, idOf, mergedIds, mergedIdsProperty } from '../../crm/CrmRecord.ts'
import { LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import { AssociationsReader } from './AssociationsReader.ts'
import type { BatchCounts } from './batchCounts.ts'
import type { CrmRequest, Element, EmitElement, RecordsRequest } from './CrmRequest.ts'
import { checkErrors, idsNotFound } from './checkErrors.ts'

/** How the records of a list are read. */
export interface RecordSettings {
  /** Whether the pages of the list have ids only: the records are read by their ids. */
  readonly byId: boolean
  /** The most records in one request by id. */
  readonly maxIds: number
  /** The types whose associations are read for records that are read by id. */
  readonly associations: readonly string[]
  /** Whether `hs_merged_object_ids` is removed, because only leadpipe asked for it. */
  readonly hidesMergedIds: boolean
  readonly counts: BatchCounts
  /** Scheme, host and path of a request, for messages. */
  urlOf(request: CrmRequest): string
}

/** A record as the list has it: there may be more associations than came with it. */
interface WithPages {
  associations?: Record<string, { paging?: { next?: object } }>
}

/** A record of a page that waits for its parts, or for those of a record before it. */
interface Held<Cursor> {
  readonly id: string | undefined
  readonly cursor: Cursor
  /** Absent until it has arrived, and if it is gone. */
  element?: Element
  /** Whether nothing more is asked for its id. */
  isSettled: boolean
  /** Whether a record has arrived that it was merged into. */
  isMerged?: boolean
  /** How many answers left it out without saying that it does not exist. */
  omitted: number
}

/** An id that an answer leaves out without saying that it does not exist is asked for again, until then. */
const maxOmitted = 3

/**
 * Completes the records of one page of a list: reads them by their ids, if the page has nothing else, and the
 * associations that did not come with them. Holds one page of records, and emits them in their order.
 */
export class RecordReader<Cursor> {
  readonly #settings: RecordSettings
  readonly #archived: boolean
  readonly #isShown: (survivor: AnyRecord) => boolean
  readonly #associations = new AssociationsReader()
  #held: Held<Cursor>[] = []
  /** The request that is under way; undefined if the list's own is. */
  #request: CrmRequest | undefined
  /** The ids of that request. */
  readonly #asked = new Map<string, Held<Cursor>>()
  /** Elements of the answer that do not say which record they are. */
  #withoutId: Element[] = []

  /**
   * @param isShown whether a record that others were merged into is delivered in place of the first of them. Default:
   * never, because the list has it at its own id.
   */
  constructor(
    settings: RecordSettings,
    archived: boolean,
    isShown: (survivor: AnyRecord) => boolean = () => false,
  ) {
    this.#settings = settings
    this.#archived = archived
    this.#isShown = isShown
  }

  /** Whether the last request came from here: then the answer belongs here. */
  get isReading(): boolean {
    return this.#request !== undefined
  }

  /** Adds an element of the list; emits it if it is complete and none before it waits. */
  add(element: Element, cursor: Cursor, emit: EmitElement<Cursor>): void {
    const { value } = element
    if (this.#settings.byId) {
      const id = idOf(value)
      if (id === undefined) this.#held.push(held(element, cursor))
      else this.addId(id, cursor)
      return
    }
    const isIncomplete = !(value instanceof Rejected) && this.#needRest(value)
    if (isIncomplete || this.#held.length > 0)
      this.#held.push(held(isIncomplete ? unlined(element) : element, cursor))
    else emit(element, cursor)
  }

  /** Adds a record of which only the id is known. */
  addId(id: string, cursor: Cursor): void {
    this.#held.push({ id, cursor, isSettled: false, omitted: 0 })
  }

  /** The next request for parts of the records; undefined if all are complete. */
  next(): CrmRequest | undefined {
    this.#asked.clear()
    this.#withoutId = []
    this.#request = this.#recordsRequest() ?? this.#associations.next()
    return this.#request
  }

  /**
   * Receives an element of the answer to the last request. Emits the records with the last one that was missing: the end
   * of the answer may not arrive.
   */
  take(element: Element, emit: EmitElement<Cursor>): void {
    if (this.#request?.kind === 'associations') this.#associations.take(element.value)
    else {
      this.#answer(element)
      const asked = [...this.#asked.values()]
      if (!asked.every(isAnswered)) return
      for (const one of asked) this.#settle(one)
    }
    this.emitComplete(emit)
  }

  /** Called when the answer is complete: emits the records, if nothing is missing any more. */
  finish(emit: EmitElement<Cursor>, envelope: unknown): void {
    const request = this.#request as CrmRequest
    checkErrors(envelope, this.#settings.urlOf(request))
    if (request.kind === 'associations') this.#associations.finish()
    else this.#settleAll(idsNotFound(envelope))
    this.#request = undefined
    this.emitComplete(emit)
  }

  /** Called when the answer was cut off; `next` asks for the rest. Returns whether anything of use had arrived. */
  interrupt(): boolean {
    const done = [...this.#asked.values()].filter(isAnswered)
    for (const one of done) this.#settle(one)
    const isProgress =
      this.#request?.kind === 'associations' ? this.#associations.hasProgress : done.length > 0
    this.#request = undefined
    return isProgress
  }

  /** Emits the records of the page, if nothing is missing. */
  emitComplete(emit: EmitElement<Cursor>): void {
    if (this.#held.some(({ isSettled }) => !isSettled) || !this.#associations.isDone) return
    for (const { element, cursor } of this.#held.splice(0)) if (element !== undefined) emit(element, cursor)
  }

  #recordsRequest(): RecordsRequest | undefined {
    const missing = this.#held.filter(({ isSettled }) => !isSettled).slice(0, this.#settings.maxIds)
    if (missing.length === 0) return undefined
    for (const one of missing) this.#asked.set(one.id as string, one)
    return { kind: 'records', max: missing.length, archived: this.#archived, ids: [...this.#asked.keys()] }
  }

  #answer(element: Element): void {
    const { value } = element
    const id = idOf(value)
    if (id === undefined) {
      this.#withoutId.push(element)
      return
    }
    const one = this.#asked.get(id)
    const losers =
      value instanceof Rejected ? [] : mergedIds(value).flatMap(loser => this.#asked.get(loser) ?? [])
    for (const loser of losers) if (loser.element === undefined) loser.isMerged = true
    // A record that was archived meanwhile is gone.
    if (one !== undefined && (value instanceof Rejected || isArchived(value) === this.#archived)) {
      one.element = this.#shown(element)
      one.isMerged = false
    } else if (one === undefined && losers.length > 0) {
      const place = losers.find(loser => loser.element === undefined)
      if (place && this.#isShown(value as AnyRecord)) place.element = this.#shown(element)
    } else if (one === undefined) {
      throw new LeadpipeError(
        'PAGING',
        `received record ${id}, which was not asked for and, as its ${mergedIdsProperty} say, is none that records asked for were merged into`,
      )
    }
  }

  /** The element as it is delivered. */
  #shown(element: Element): Element {
    const { value } = element
    if (this.#settings.hidesMergedIds && !(value instanceof Rejected))
      delete value.properties?.[mergedIdsProperty]
    return unlined(element)
  }

  /**
   * What does not exist is gone. Elements without an id belong to the first ids that are not answered. Others that are
   * neither answered nor named as missing may have been lost.
   */
  #settleAll(notFound: ReadonlySet<string>): void {
    for (const [id, one] of this.#asked) {
      if (!isAnswered(one)) one.element = this.#withoutId.shift()
      if (!isAnswered(one)) one.omitted += 1
      if (isAnswered(one) || one.omitted === maxOmitted || notFound.has(id)) this.#settle(one)
    }
  }

  #settle(one: Held<Cursor>): void {
    if (one.isSettled) return
    const { counts } = this.#settings
    one.isSettled = true
    counts.asked += 1
    counts[one.isMerged ? 'merged' : one.element !== undefined ? 'answered' : 'gone'] += 1
    const value = one.element?.value
    if (value === undefined || value instanceof Rejected) return
    for (const type of this.#settings.associations) this.#associations.need(value, type)
  }

  /** Notes the associations of a record that did not come with it. Returns whether there are any. */
  #needRest(record: AnyRecord): boolean {
    const all = Object.entries((record as WithPages).associations ?? {})
    const types = all.filter(([, { paging }]) => paging?.next)
    for (const [type] of types) this.#associations.need(record, type)
    return types.length > 0
  }
}

const isAnswered = ({ element, isMerged }: Held<unknown>): boolean =>
  element !== undefined || isMerged === true

const held = <Cursor>(element: Element, cursor: Cursor): Held<Cursor> => ({
  id: undefined,
  element,
  cursor,
  isSettled: true,
  omitted: 0,
})

/** The element without its bytes, which are no longer those of its value. */
const unlined = ({ line: _, ...element }: Element): Element => element

/** Whether a record is in the recycle bin. */
export const isArchived = ({ archived }: AnyRecord): boolean => archived === true
