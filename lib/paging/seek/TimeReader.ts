import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { Element, EmitElement } from '../LeadPlan.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { TieBuffer } from './TieBuffer.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** What a reader says when a page is done. */
export type Outcome =
  /** Ask for the next page. */
  | { next: 'page' }
  /** The leads of this time fill a page, or end the list: they are to be read by guid. */
  | { next: 'tie'; time: number }
  /** Everything before this time is read: the end of the stretch, or infinity at the end of the list. */
  | { next: 'end'; before: number }

/**
 * Reads a list in the order of the pivot. The order of leads that share a time is not known: they are handed
 * on when all are here, which a later time in the same page proves.
 */
export class TimeReader {
  /** The time from which on nothing is done, but what `after` says. */
  #from: number
  #after: string | undefined
  readonly #list: SeekList
  readonly #others: UnorderedElements
  /** Times from here on belong to the next stretch. May be set to an earlier one between two pages. */
  end: number
  #asked: PageQuery = {}
  /** The time of the element before, in the page. */
  #last = Number.NEGATIVE_INFINITY
  #group: TieBuffer | undefined
  /** Groups that began in the page. */
  #groups = 0
  #learned = false
  /** The first time behind the stretch that was seen. */
  #behind: number | undefined
  /** How many elements without a time the last page held, when it held nothing else: are they the last ones? */
  #untimed = 0
  /** Leads to ask for, at least. */
  #wanted = 0

  constructor(list: SeekList, cursor: SeekCursor, others: UnorderedElements, end: number) {
    this.#list = list
    this.#from = cursor.guid === undefined ? nextTime(cursor.time) : cursor.time
    this.#after = cursor.guid
    this.#others = others
    this.end = end
  }

  next(wanted: number): PageQuery {
    this.#asked = this.#list.from(this.#from, Math.max(wanted, this.#wanted), this.#untimed)
    this.#last = Number.NEGATIVE_INFINITY
    this.#group = undefined
    this.#groups = 0
    this.#learned = false
    return this.#asked
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    if (this.#behind !== undefined || this.#untimed > 0) return 'enough'
    const time = this.#list.timeOf(element)
    if (time === undefined) return this.#takeOther(element, emit)
    if (time < this.#last) {
      throw this.#list.error(
        `the list is not in the order of ${this.#list.pivot}: ${time} comes after ${this.#last}`,
      )
    }
    this.#last = time
    const onBound = this.#list.learn(this.#asked, time)
    if (time < this.#from) {
      this.#learned ||= onBound
      return undefined
    }
    if (time > this.#list.stop || time >= this.end) {
      this.#release(emit)
      this.#behind = time
      return 'enough'
    }
    if (time !== this.#group?.time) {
      this.#release(emit)
      this.#group = new TieBuffer(time)
      this.#groups += 1
    }
    this.#group.add(element)
    // A server that ignores `max`: what one time holds may be too much to keep.
    return this.#group.size > this.#list.size ? 'enough' : undefined
  }

  finish(received: number): Outcome {
    if (this.#behind !== undefined) {
      return { next: 'end', before: this.#behind > this.#list.stop ? Number.POSITIVE_INFINITY : this.#behind }
    }
    if (received === 0) return { next: 'end', before: Number.POSITIVE_INFINITY }
    if (this.#group !== undefined) return this.#goOn(this.#group)
    if (this.#learned) return { next: 'page' }
    if (Number.isFinite(this.#last)) throw this.#list.error('the list has leads from before its startTime')
    // Nothing has a time to ask for what follows by. A server may give fewer than it is asked for, so that only
    // an empty page behind them is the end.
    if ((this.#asked.max ?? 0) < this.#list.size) {
      this.#wanted = this.#list.size
      return { next: 'page' }
    }
    if (this.#untimed > 0) throw this.#list.error(`more follows a page without any ${this.#list.pivot}`)
    this.#untimed = received
    return { next: 'page' }
  }

  /** A page that broke off is as good as one that ended there, but proves no end. */
  interrupt(): Outcome & { progress: boolean } {
    const progress = this.#groups > 1 || this.#learned
    if (this.#behind !== undefined) return { ...this.finish(1), progress: true }
    // By guid, each lead is handed on as it comes: the only way past a body that never comes to its end.
    if (this.#group !== undefined) return { ...this.#goOn(this.#group), progress }
    return { next: 'page', progress }
  }

  #goOn({ time, size }: TieBuffer): Outcome {
    // Only what has begun in this page, and is not most of it, is likely to fit into the next.
    if (this.#groups === 1 || size > this.#list.size / 2) return { next: 'tie', time }
    this.#from = time
    this.#after = undefined
    return { next: 'page' }
  }

  #takeOther(element: Element, emit: EmitElement<SeekCursor>): undefined {
    if (this.#group !== undefined) {
      this.#group.addOther(element)
      return
    }
    const digest = digestOf(element)
    if (!this.#others.add(digest, 'between')) return
    if (this.#others.tooMany)
      throw this.#list.error(`too many elements have no guid or no ${this.#list.pivot}`)
    emit(element, {
      time: this.#from,
      guid: this.#after ?? '',
      others: this.#others.list,
      other: digest,
    })
  }

  #release(emit: EmitElement<SeekCursor>): void {
    const group = this.#group
    if (group === undefined) return
    group.release(group.time === this.#from ? this.#after : undefined, this.#others, emit)
    this.#group = undefined
    this.#from = nextTime(group.time)
    this.#after = undefined
  }
}

/** The first time behind another. */
export function nextTime(time: number): number {
  return Number.isFinite(time) ? time + 1 : time
}
