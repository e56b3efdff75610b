import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { Element, EmitElement, Pager } from '../LeadPlan.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { TieReader } from './TieReader.ts'
import { nextTime, type Outcome, TimeReader } from './TimeReader.ts'
import { UnorderedElements } from './UnorderedElements.ts'

/** How many leads are enough to estimate their density: fewer if pages are small. */
export const enough = ({ size }: SeekList): number => Math.min(20, size / 2)

/** Where a stretch of a seek list begins and ends. */
export interface SeekWindow {
  /** Everything up to it is done. */
  from: SeekCursor
  /** The first time that is not in the window; infinity for none. */
  end: number
  /** Number of leads after which it may be ended early, at the end of a page. */
  most: number
  /**
   * Called when the window is shortened: the part after its new end can be read at the same time.
   *
   * @param end the previous end
   * @param density leads per millisecond so far, if the window holds many more than expected
   */
  shortened?(end: number, density?: number): void
  /** Whether nothing else is left to read at the same time. */
  isAlone?(): boolean
}

/**
 * Reads a stretch of a list by seeking: each page begins at a time, not at a number of leads, so inserts and deletes
 * meanwhile do not shift pages. Delivers leads in the order of (time, guid).
 */
export class SeekPager implements Pager<SeekCursor> {
  /** Set when the stretch is read: every time before this one is read; infinity at the end of the list. */
  before: number | undefined
  /** The first and the last time that came, the number of leads, and how many of them are not from large ties. */
  readonly span: { first: number | undefined; last: number; leads: number; spread: number } = {
    first: undefined,
    last: 0,
    leads: 0,
    spread: 0,
  }
  /** Whether the last page was shorter than it could have been: the list may end there. */
  short = false
  /** Where it begins and ends. */
  readonly window: SeekWindow
  readonly #list: SeekList
  readonly #others: UnorderedElements
  #reader: TimeReader | TieReader
  #asked: PageQuery = {}
  #isDoubted = false

  constructor(list: SeekList, window: SeekWindow) {
    const { from } = window
    this.#list = list
    this.window = window
    this.#others = new UnorderedElements(from.others)
    this.#reader =
      from.tie === undefined || from.guid === undefined
        ? new TimeReader(list, from, this.#others, window.end)
        : new TieReader(list, from.time, this.#others, { guid: from.guid, tie: from.tie })
  }

  /** Digests of the last elements that cannot be ordered. */
  get others(): readonly string[] | undefined {
    return this.#others.list
  }

  next(wanted: number): PageQuery | undefined {
    if (this.before !== undefined) return undefined
    const reader = this.#reader
    // A tie is read page after page. If nothing else is left to read meanwhile, the part after the tie is split off.
    if (reader instanceof TieReader && this.window.isAlone?.()) this.#endAt(nextTime(reader.time))
    this.#asked = this.#reader.next(wanted)
    return this.#asked
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    return this.#reader.take(element, (lead, cursor) => this.#handOn(lead, cursor, emit))
  }

  finish(received: number): void {
    if (received > 0) this.#list.pages += 1
    this.short = this.#reader instanceof TimeReader && received < (this.#asked.max ?? 0)
    const reader = this.#reader
    if (reader instanceof TimeReader) this.#follow(reader.finish(received))
    else if (reader.finish(received)) this.#leaveTie(reader)
  }

  interrupt(received: number): boolean {
    const reader = this.#reader
    if (reader instanceof TieReader) return reader.interrupt(received)
    const outcome = reader.interrupt()
    this.#follow(outcome)
    return outcome.progress
  }

  #handOn(element: Element, cursor: SeekCursor, emit: EmitElement<SeekCursor>): void {
    emit(element, cursor)
    // An element that cannot be ordered does not show how far the list is read.
    if (cursor.other !== undefined) return
    this.span.first ??= cursor.time
    this.span.last = cursor.time
    this.span.leads += 1
    if (this.#reader instanceof TimeReader) this.span.spread += 1
  }

  #follow(outcome: Outcome): void {
    if (outcome.next === 'end') this.before = outcome.before
    else if (outcome.next === 'tie') {
      this.#reader = new TieReader(this.#list, outcome.time, this.#others, this.#doneOf(outcome.time))
    } else if (this.span.leads >= this.window.most) {
      this.before = nextTime(this.span.last)
    } else {
      this.#shorten()
    }
  }

  /** Shortens the window to `most` more leads, as expected from the density so far. */
  #shorten(): void {
    const { first = 0, last, spread } = this.span
    if (spread < enough(this.#list)) return
    const density = spread / (last - first)
    this.#endAt(last + 1 + Math.ceil(this.window.most / density), density)
    if (this.#reader instanceof TimeReader) this.#reader.end = this.window.end
  }

  /** Ends the window sooner, so that the part after it can be read at the same time. */
  #endAt(sooner: number, density?: number): void {
    const { end, shortened } = this.window
    if (shortened === undefined || !(sooner < end)) return
    this.window.end = sooner
    shortened(end, density)
  }

  /**
   * Called when leads whose pivot is absent, or 0, were listed but did not come when requested by time. Either the list
   * changed meanwhile, so it is read once more; or the server omits such leads from time ranges. In that case seeking
   * would lose them, so it fails.
   */
  #doubt(): void {
    if (this.#isDoubted) {
      const { pivot } = this.#list
      throw this.#list.error(
        `the server returns leads without ${pivot}, but not if they are requested by time`,
      )
    }
    this.#isDoubted = true
    this.#reader = new TimeReader(this.#list, this.window.from, this.#others, this.window.end)
  }

  /** The part of a time that was done before the stretch began. */
  #doneOf(time: number): { guid: string; tie: number } | undefined {
    const { from } = this.window
    return from.time === time && from.guid !== undefined ? { guid: from.guid, tie: from.tie ?? 0 } : undefined
  }

  #leaveTie({ time, isThere }: TieReader): void {
    if (time === 0 && !isThere) {
      this.#doubt()
      return
    }
    this.#others.keep()
    if (time >= this.#list.stop) {
      this.before = Number.POSITIVE_INFINITY
    } else if (this.span.leads >= this.window.most || nextTime(time) >= this.window.end) {
      this.before = nextTime(time)
    } else {
      this.#reader = new TimeReader(this.#list, { time }, this.#others, this.window.end)
    }
  }
}
