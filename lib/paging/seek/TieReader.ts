import type { PageQuery } from '../../lead/LeadsQuery.ts'
import { type Element, type EmitElement, guidOf } from '../LeadPlan.ts'
import { OverlapController, type TiePage } from './OverlapController.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { TieEnd } from './TieBuffer.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** Where the reading of a tie begins, and how. */
export interface TieOptions {
  /** The guid up to which everything is done, and its approximate offset in the list. Default: nothing is done. */
  readonly after?: { guid: string; tie: number } | undefined
  /** Whether the leads probably fill a page: then it is worth a request to read the end of the tie first. */
  readonly isLarge?: boolean
}

/** At most this many pages in a row may have nothing new; more are an error. */
const maxPagesWithoutNew = 100

/**
 * Reads the leads of one time, in the order of their guids, by offset. Deletes meanwhile move the other leads to lower
 * offsets, past the current one. So each page overlaps the previous one and must begin with a lead that was read
 * before. If it does not, there may be a gap, and the next page begins at a lower offset. (With ten deletes per
 * request, a fixed overlap of one lost 220 of 3,000 leads; this one lost none.)
 *
 * A page may be short, so only a further page that brings nothing new proves the end. Of a large tie, the last page is
 * read first instead, in descending order ({@link TieEnd}): the tie is complete when the others reach it.
 */
export class TieReader {
  readonly time: number
  /** Whether a lead of the time arrived, known or not. */
  hasLeads = false
  readonly #list: SeekList
  readonly #unordered: UnorderedElements
  /** The guid of the last lead that was delivered, here or before the stretch began. */
  #after: string
  /** The highest guid that was read, including leads of a neighbouring time. */
  #reached: string
  readonly #offset: OverlapController
  #request: PageQuery = {}
  #index = 0
  #last = ''
  /** Whether the page follows the previous one without a gap; undefined until its first guid. */
  #isContiguous: boolean | undefined
  /** Whether the page has anything that was not read before. */
  #hasNew = false
  #hasLearned = false
  #pagesWithoutNew = 0
  readonly #end: TieEnd
  /** Whether the end of the tie is to be read, or is being read. */
  #isAtEnd: boolean

  constructor(
    list: SeekList,
    time: number,
    unordered: UnorderedElements,
    { after, isLarge = false }: TieOptions = {},
  ) {
    this.#list = list
    this.time = time
    this.#unordered = unordered
    this.#after = after?.guid ?? ''
    this.#reached = this.#after
    this.#offset = new OverlapController(list.size, after?.tie ?? 0)
    this.#end = new TieEnd(list.size)
    this.#isAtEnd = isLarge
  }

  /** @param wanted how many more leads the caller wants: if they fit into one page, the end is not read. */
  next(wanted: number): PageQuery {
    this.#isAtEnd &&= wanted > this.#list.size
    this.#request = this.#isAtEnd
      ? this.#list.at(this.time, 0, 'desc')
      : this.#list.at(this.time, this.#offset.value)
    this.#index = 0
    this.#last = ''
    this.#isContiguous = this.#offset.value === 0 ? true : undefined
    this.#hasNew = false
    this.#hasLearned = false
    return this.#request
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    if (this.#isContiguous === false) return 'enough'
    this.#index += 1
    const time = this.#list.timeOf(element)
    if (time !== undefined && this.#list.learn(this.#request, time)) this.#hasLearned ||= time !== this.time
    if (time === this.time) this.hasLeads = true
    if (this.#isAtEnd) return this.#end.add(element)
    const guid = guidOf(element)
    if (guid === undefined) return this.#receiveUnordered(element, time, emit)
    if (guid < this.#last) {
      throw this.#list.error(`the list is not in the order of guid: ${guid} comes after ${this.#last}`)
    }
    this.#last = guid
    this.#isContiguous ??= guid <= this.#reached
    if (!this.#isContiguous) return 'enough'
    const isKnown = guid <= this.#reached
    if (!isKnown) this.#reached = guid
    // A lead with a guid but no time is deduplicated by its text, like one without a guid: TimeReader can't order it.
    if (time === undefined) return this.#receiveUnordered(element, time, emit)
    if (isKnown) return undefined
    this.#hasNew = true
    if (time !== this.time || guid <= this.#after) return undefined
    this.#after = guid
    emit(element, {
      time,
      guid,
      tie: Math.max(0, this.#offset.value + this.#index - 1),
      unordered: this.#unordered.list,
    })
    return undefined
  }

  /** @returns whether every lead of the time is read */
  finish(received: number, emit: EmitElement<SeekCursor>): boolean {
    const wasAtEnd = this.#isAtEnd
    this.#isAtEnd = false
    if (wasAtEnd && received === 0) return true
    if (this.#end.isReached(this.#reached)) {
      this.#deliverEnd(emit)
      return true
    }
    if (wasAtEnd) return false
    const page = this.#pageOf(received)
    if (this.#offset.isEnd(page)) return true
    this.#offset.moveAfterPage(page)
    this.#pagesWithoutNew = this.#hasNew || this.#hasLearned ? 0 : this.#pagesWithoutNew + 1
    if (this.#pagesWithoutNew > maxPagesWithoutNew)
      throw this.#list.error(`${maxPagesWithoutNew} pages for the time ${this.time} had no new lead`)
    return false
  }

  /** @returns whether the part of the page that arrived made any progress */
  interrupt(received: number): boolean {
    if (this.#isAtEnd) {
      // Even a part of the page is an end of the tie.
      this.#isAtEnd = received === 0
      return received > 0
    }
    this.#offset.moveAfterPart(this.#pageOf(received))
    return this.#hasNew
  }

  #deliverEnd(emit: EmitElement<SeekCursor>): void {
    this.#last = ''
    this.#isContiguous = true
    for (const element of this.#end.ascending) this.take(element, emit)
  }

  #pageOf(received: number): TiePage {
    return { received, isContiguous: this.#isContiguous === true, isNew: this.#hasNew }
  }

  #receiveUnordered(
    element: Element,
    time: number | undefined,
    emit: EmitElement<SeekCursor>,
  ): 'enough' | undefined {
    if (time !== undefined && time !== this.time) return undefined
    const digest = digestOf(element)
    this.#isContiguous ??= this.#unordered.has(digest)
    if (!this.#isContiguous) return 'enough'
    if (!this.#unordered.add(digest)) return undefined
    if (this.#unordered.tooMany)
      throw this.#list.error(`too many leads of the time ${this.time} have no guid`)
    this.#hasNew = true
    emit(element, {
      time: this.time,
      guid: this.#after,
      tie: this.#offset.value,
      unordered: this.#unordered.list,
      ownDigest: digest,
    })
    return undefined
  }
}
