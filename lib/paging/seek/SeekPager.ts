import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { Element, EmitElement, Pager } from '../LeadPlan.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { TieReader } from './TieReader.ts'
import { type NextStep, nextTime, TimeReader } from './TimeReader.ts'
import { UnorderedElements } from './UnorderedElements.ts'

/** How many leads it takes to estimate their density: fewer if pages are small. */
export const minLeadsForDensity = ({ size }: SeekList): number => Math.min(20, size / 2)

/** Where a stretch of a seek list begins and ends. */
export interface SeekWindow {
  /** Everything up to it is done. */
  from: SeekCursor
  /** The first time that is not in the window; infinity for none. */
  end: number
  /** Number of leads after which it may be ended early, at the end of a page. */
  maxLeads: number
  /**
   * Called when the window is shortened: the part after its new end can be read at the same time.
   *
   * @param end the previous end
   * @param density leads per millisecond so far, if the window holds many more than expected
   */
  shortened?(end: number, density?: number): void
  /** Whether no other part of the list is left to read at the same time. */
  isAlone?(): boolean
}

/**
 * Reads a stretch of a list by seeking: each page begins at a time, not at a number of leads, so inserts and deletes
 * meanwhile do not shift pages. Delivers leads in the order of (time, guid).
 */
export class SeekPager implements Pager<SeekCursor> {
  /** Set when the stretch is read: every time before this one is read; infinity at the end of the list. */
  before: number | undefined
  /** The first and the last time of the leads, their number, and how many of them are not from large ties. */
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
  readonly #unordered: UnorderedElements
  #reader: TimeReader | TieReader
  #request: PageQuery = {}
  #isReread = false

  constructor(list: SeekList, window: SeekWindow) {
    const { from } = window
    this.#list = list
    this.window = window
    this.#unordered = new UnorderedElements(from.unordered)
    this.#reader =
      from.tie === undefined || from.guid === undefined
        ? new TimeReader(list, from, this.#unordered, window.end)
        : new TieReader(list, from.time, this.#unordered, { after: { guid: from.guid, tie: from.tie } })
  }

  /** Digests of the last elements that cannot be ordered. */
  get unordered(): readonly string[] | undefined {
    return this.#unordered.list
  }

  next(wanted: number): PageQuery | undefined {
    if (this.before !== undefined) return undefined
    const reader = this.#reader
    // A tie is read page after page. If nothing else is left to read meanwhile, the part after the tie is split off.
    if (reader instanceof TieReader && this.window.isAlone?.()) this.#endEarlier(nextTime(reader.time))
    this.#request = this.#reader.next(wanted)
    return this.#request
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    return this.#reader.take(element, (lead, cursor) => this.#deliver(lead, cursor, emit))
  }

  finish(received: number, emit: EmitElement<SeekCursor>): void {
    if (received > 0) this.#list.pages += 1
    this.short = this.#reader instanceof TimeReader && received < (this.#request.max ?? 0)
    const reader = this.#reader
    if (reader instanceof TimeReader) this.#follow(reader.finish(received))
    else if (reader.finish(received, (lead, cursor) => this.#deliver(lead, cursor, emit)))
      this.#leaveTie(reader)
  }

  interrupt(received: number): boolean {
    const reader = this.#reader
    if (reader instanceof TieReader) return reader.interrupt(received)
    const step = reader.interrupt()
    this.#follow(step)
    return step.progress
  }

  #deliver(element: Element, cursor: SeekCursor, emit: EmitElement<SeekCursor>): void {
    emit(element, cursor)
    // An element that cannot be ordered does not show how far the list is read.
    if (cursor.ownDigest !== undefined) return
    this.span.first ??= cursor.time
    this.span.last = cursor.time
    this.span.leads += 1
    if (this.#reader instanceof TimeReader) this.span.spread += 1
  }

  #follow(step: NextStep): void {
    if (step.next === 'end') this.before = step.before
    else if (step.next === 'tie') {
      const { time, isLarge } = step
      this.#reader = new TieReader(this.#list, time, this.#unordered, {
        after: this.#doneBefore(time),
        isLarge,
      })
    } else if (this.span.leads >= this.window.maxLeads) {
      this.before = nextTime(this.span.last)
    } else {
      this.#shorten()
    }
  }

  /** Shortens the window to `maxLeads` more leads, as expected from the density so far. */
  #shorten(): void {
    const { first = 0, last, spread } = this.span
    if (spread < minLeadsForDensity(this.#list)) return
    const density = spread / (last - first)
    this.#endEarlier(last + 1 + Math.ceil(this.window.maxLeads / density), density)
    if (this.#reader instanceof TimeReader) this.#reader.end = this.window.end
  }

  /** Ends the window sooner, so that the part after it can be read at the same time. */
  #endEarlier(earlierEnd: number, density?: number): void {
    const { end, shortened } = this.window
    if (shortened === undefined || !(earlierEnd < end)) return
    this.window.end = earlierEnd
    shortened(end, density)
  }

  /**
   * Called when leads whose pivot is absent, or 0, were listed but not returned when requested by time. Either the list
   * changed meanwhile, so it is read once more; or the server omits such leads from time ranges. In that case seeking
   * would lose them, so it fails.
   */
  #readAgain(): void {
    if (this.#isReread) {
      const { pivot } = this.#list
      throw this.#list.error(
        `the server returns leads without ${pivot}, but not if they are requested by time`,
      )
    }
    this.#isReread = true
    this.#reader = new TimeReader(this.#list, this.window.from, this.#unordered, this.window.end)
  }

  /** The part of a time that was done before the stretch began. */
  #doneBefore(time: number): { guid: string; tie: number } | undefined {
    const { from } = this.window
    return from.time === time && from.guid !== undefined ? { guid: from.guid, tie: from.tie ?? 0 } : undefined
  }

  #leaveTie({ time, hasLeads }: TieReader): void {
    if (time === 0 && !hasLeads) {
      this.#readAgain()
      return
    }
    this.#unordered.keep()
    if (time >= this.#list.stop) {
      this.before = Number.POSITIVE_INFINITY
    } else if (this.span.leads >= this.window.maxLeads || nextTime(time) >= this.window.end) {
      this.before = nextTime(time)
    } else {
      this.#reader = new TimeReader(this.#list, { time }, this.#unordered, this.window.end)
    }
  }
}
