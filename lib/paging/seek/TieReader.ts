import type { PageQuery } from '../../lead/LeadsQuery.ts'
import { type Element, type EmitElement, guidOf } from '../LeadPlan.ts'
import { OverlapController, type TiePage } from './OverlapController.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** At most this many pages in a row may have nothing new; more are an error. */
const maxPagesWithoutNew = 100

/**
 * Reads the leads of one time, in the order of their guids, by offset. Deletes meanwhile move the other leads to lower
 * offsets, past the current one. So each page overlaps the previous one and must begin with a lead that was read
 * before. If it does not, there may be a gap, and the next page begins at a lower offset. (With ten deletes per
 * request, a fixed overlap of one lost 220 of 3,000 leads; this one lost none.)
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
  /** Whether the page has an element that was not read before. */
  #hasNew = false
  #hasLearned = false
  #pagesWithoutNew = 0

  /** @param after the guid up to which everything is done, and its approximate offset in the list */
  constructor(
    list: SeekList,
    time: number,
    unordered: UnorderedElements,
    after?: { guid: string; tie: number },
  ) {
    this.#list = list
    this.time = time
    this.#unordered = unordered
    this.#after = after?.guid ?? ''
    this.#reached = this.#after
    this.#offset = new OverlapController(list.size, after?.tie ?? 0)
  }

  next(): PageQuery {
    this.#request = this.#list.at(this.time, this.#offset.value)
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
  finish(received: number): boolean {
    const page = this.#pageOf(received)
    if (this.#offset.isEnd(page)) return true
    this.#offset.moveAfterPage(page)
    this.#pagesWithoutNew = this.#hasNew || this.#hasLearned ? 0 : this.#pagesWithoutNew + 1
    if (this.#pagesWithoutNew > maxPagesWithoutNew)
      throw this.#list.error(`${maxPagesWithoutNew} pages of leads of the time ${this.time} brought none`)
    return false
  }

  /** @returns whether the part of the page that arrived made any progress */
  interrupt(received: number): boolean {
    this.#offset.moveAfterPart(this.#pageOf(received))
    return this.#hasNew
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
