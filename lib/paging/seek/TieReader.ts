import type { PageQuery } from '../../lead/LeadsQuery.ts'
import { type Element, type EmitElement, guidOf } from '../LeadPlan.ts'
import { OverlapController, type TiePage } from './OverlapController.ts'
import type { SeekCursor, SeekList } from './SeekList.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** At most this many pages in a row may bring nothing new; more are an error. */
const patience = 100

/**
 * Reads the leads of one time, in the order of their guids, by offset. Deletes meanwhile move the other leads to lower
 * offsets, past the current one. So each page overlaps the previous one and must begin with a lead that was read
 * before. If it does not, there may be a gap, and the next page begins at a lower offset. (With ten deletes per
 * request, a fixed overlap of one lost 220 of 3,000 leads; this one lost none.)
 */
export class TieReader {
  readonly time: number
  /** Whether a lead of the time came, known or not. */
  isThere = false
  readonly #list: SeekList
  readonly #others: UnorderedElements
  /** The guid of the last lead that was delivered, here or before the stretch began. */
  #after: string
  /** The highest guid that was read, including leads of a neighbouring time. */
  #reached: string
  readonly #offset: OverlapController
  #asked: PageQuery = {}
  #index = 0
  #last = ''
  /** Whether the page follows the previous one without a gap; undefined until its first guid. */
  #joined: boolean | undefined
  /** Whether the page brought anything that was not read before. */
  #news = false
  #learned = false
  #vain = 0

  /** @param after the guid up to which everything is done, and its approximate offset in the list */
  constructor(
    list: SeekList,
    time: number,
    others: UnorderedElements,
    after?: { guid: string; tie: number },
  ) {
    this.#list = list
    this.time = time
    this.#others = others
    this.#after = after?.guid ?? ''
    this.#reached = this.#after
    this.#offset = new OverlapController(list.size, after?.tie ?? 0)
  }

  next(): PageQuery {
    this.#asked = this.#list.at(this.time, this.#offset.value)
    this.#index = 0
    this.#last = ''
    this.#joined = this.#offset.value === 0 ? true : undefined
    this.#news = false
    this.#learned = false
    return this.#asked
  }

  take(element: Element, emit: EmitElement<SeekCursor>): 'enough' | undefined {
    if (this.#joined === false) return 'enough'
    this.#index += 1
    const time = this.#list.timeOf(element)
    if (time !== undefined && this.#list.learn(this.#asked, time)) this.#learned ||= time !== this.time
    if (time === this.time) this.isThere = true
    const guid = guidOf(element)
    if (guid === undefined) return this.#takeOther(element, time, emit)
    if (guid < this.#last) {
      throw this.#list.error(`the list is not in the order of guid: ${guid} comes after ${this.#last}`)
    }
    this.#last = guid
    this.#joined ??= guid <= this.#reached
    if (!this.#joined) return 'enough'
    const isKnown = guid <= this.#reached
    if (!isKnown) this.#reached = guid
    // A lead with a guid but no time is deduplicated by its text, like one without a guid: TimeReader can't order it.
    if (time === undefined) return this.#takeOther(element, time, emit)
    if (isKnown) return undefined
    this.#news = true
    if (time !== this.time || guid <= this.#after) return undefined
    this.#after = guid
    emit(element, {
      time,
      guid,
      tie: Math.max(0, this.#offset.value + this.#index - 1),
      others: this.#others.list,
    })
    return undefined
  }

  /** @returns whether every lead of the time is read */
  finish(received: number): boolean {
    const page = this.#page(received)
    if (this.#offset.isEnd(page)) return true
    this.#offset.goOn(page)
    this.#vain = this.#news || this.#learned ? 0 : this.#vain + 1
    if (this.#vain > patience)
      throw this.#list.error(`${patience} pages for the time ${this.time} had no new lead`)
    return false
  }

  /** @returns whether the part of the page that came made any progress */
  interrupt(received: number): boolean {
    this.#offset.goOnBehindPart(this.#page(received))
    return this.#news
  }

  #page(received: number): TiePage {
    return { received, joins: this.#joined === true, isNew: this.#news }
  }

  #takeOther(
    element: Element,
    time: number | undefined,
    emit: EmitElement<SeekCursor>,
  ): 'enough' | undefined {
    if (time !== undefined && time !== this.time) return undefined
    const digest = digestOf(element)
    this.#joined ??= this.#others.has(digest)
    if (!this.#joined) return 'enough'
    if (!this.#others.add(digest)) return undefined
    if (this.#others.tooMany) throw this.#list.error(`too many leads of the time ${this.time} have no guid`)
    this.#news = true
    emit(element, {
      time: this.time,
      guid: this.#after,
      tie: this.#offset.value,
      others: this.#others.list,
      other: digest,
    })
    return undefined
  }
}
