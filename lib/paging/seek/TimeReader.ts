import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { Element, EmitElement } from '../LeadPlan.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { TieBuffer } from './TieBuffer.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** What to do after a page. */
export type NextStep =
  /** Request the next page. */
  | { next: 'page' }
  /** Read the leads of this time by guid: they fill a page (`isLarge`), or end the list. */
  | { next: 'tie'; time: number; isLarge: boolean }
  /** Stop: everything before this time is read. It is the end of the stretch, or infinity at the end of the list. */
  | { next: 'end'; before: number }

/**
 * Reads a list in the order of the pivot. The server's order of leads that share a time is not known:they are
 * delivered when all of them have arrived, which a later time in the same page proves.
 */
export class TimeReader {
  /** The first time that is not done; of its leads, those up to the guid `#after` are. */
  #from: number
  #after: string | undefined
  readonly #list: SeekList
  readonly #unordered: UnorderedElements
  /** The first time of the next stretch. May be set to an earlier time between two pages. */
  end: number
  #request: PageQuery = {}
  /** The time of the previous element in the page. */
  #last = Number.NEGATIVE_INFINITY
  #group: TieBuffer | undefined
  /** Groups that began in the page. */
  #groups = 0
  #hasLearned = false
  /** The first time seen that is after the stretch. */
  #firstAfter: number | undefined
  /** How many elements the last page held, if none had a time: the next request checks whether more follow. */
  #untimed = 0
  /** The minimum number of leads to request. */
  #minWanted = 0

  constructor(list: SeekList, cursor: SeekCursor, unordered: UnorderedElements, end: number) {
    this.#list = list
    this.#from = cursor.guid === undefined ? nextTime(cursor.time) : cursor.time
    this.#after = cursor.guid
    this.#unordered = unordered
    this.end = end
  }

  next(wanted: number): PageQuery {
    this.#request = this.#list.from(this.#from, Math.max(wanted, this.#minWanted), this.#untimed)
    this.#last = Number.NEGATIVE_INFINITY
    this.#group = undefined
    this.#groups = 0
    this.#hasLearned = false
    return this.#request
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    if (this.#firstAfter !== undefined || this.#untimed > 0) return 'enough'
    const time = this.#list.timeOf(element)
    if (time === undefined) return this.#receiveUnordered(element, emit)
    if (time < this.#last) {
      throw this.#list.error(
        `the list is not in the order of ${this.#list.pivot}: ${time} comes after ${this.#last}`,
      )
    }
    this.#last = time
    const isOnBound = this.#list.learn(this.#request, time)
    if (time < this.#from) {
      this.#hasLearned ||= isOnBound
      return undefined
    }
    if (time > this.#list.stop || time >= this.end) {
      this.#release(emit)
      this.#firstAfter = time
      return 'enough'
    }
    if (time !== this.#group?.time) {
      this.#release(emit)
      this.#group = new TieBuffer(time)
      this.#groups += 1
    }
    this.#group.add(element)
    // A server may ignore `max`: the leads of one time may then be too many to hold.
    return this.#group.size > this.#list.size ? 'enough' : undefined
  }

  finish(received: number): NextStep {
    if (this.#firstAfter !== undefined) {
      return {
        next: 'end',
        before: this.#firstAfter > this.#list.stop ? Number.POSITIVE_INFINITY : this.#firstAfter,
      }
    }
    if (received === 0) return { next: 'end', before: Number.POSITIVE_INFINITY }
    if (this.#group !== undefined) return this.#continueAfter(this.#group)
    if (this.#hasLearned) return { next: 'page' }
    if (Number.isFinite(this.#last)) throw this.#list.error('the list has leads from before its startTime')
    // No element has a time to continue from. A server may return fewer than requested, so only an empty page after
    // them proves the end.
    if ((this.#request.max ?? 0) < this.#list.size) {
      this.#minWanted = this.#list.size
      return { next: 'page' }
    }
    if (this.#untimed > 0)
      throw this.#list.error(`more elements follow a page on which none has ${this.#list.pivot}`)
    this.#untimed = received
    return { next: 'page' }
  }

  /** Handles a page that was cut off like one that ended there, except that it does not prove the end of the list. */
  interrupt(): NextStep & { progress: boolean } {
    const progress = this.#groups > 1 || this.#hasLearned
    if (this.#firstAfter !== undefined) return { ...this.finish(1), progress: true }
    // By guid, each lead is delivered as it arrives: the only way past a body that is always cut off.
    if (this.#group !== undefined) return { ...this.#continueAfter(this.#group), progress }
    return { next: 'page', progress }
  }

  #continueAfter({ time, size }: TieBuffer): NextStep {
    // A tie is likely to fit into the next page only if it is not the first of this page, and not most of it.
    const isLarge = size > this.#list.size / 2
    if (this.#groups === 1 || isLarge) return { next: 'tie', time, isLarge }
    this.#from = time
    this.#after = undefined
    return { next: 'page' }
  }

  #receiveUnordered(element: Element, emit: EmitElement<SeekCursor>): undefined {
    if (this.#group !== undefined) {
      this.#group.addUnordered(element)
      return
    }
    const digest = digestOf(element)
    if (!this.#unordered.add(digest, 'between')) return
    if (this.#unordered.tooMany)
      throw this.#list.error(`too many elements have no guid or no ${this.#list.pivot}`)
    emit(element, {
      time: this.#from,
      guid: this.#after ?? '',
      unordered: this.#unordered.list,
      ownDigest: digest,
    })
  }

  #release(emit: EmitElement<SeekCursor>): void {
    const group = this.#group
    if (group === undefined) return
    group.release(group.time === this.#from ? this.#after : undefined, this.#unordered, emit)
    this.#group = undefined
    this.#from = nextTime(group.time)
    this.#after = undefined
  }
}

/** The next millisecond after a time. */
export function nextTime(time: number): number {
  return Number.isFinite(time) ? time + 1 : time
}
