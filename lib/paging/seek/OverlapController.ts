/** What a page of a tie showed. */
export interface TiePage {
  /** Elements that came. */
  received: number
  /** Whether it begins with what was read already, or at the beginning: nothing can be missing in front of it. */
  joins: boolean
  /** Whether it brought anything that was not read before. */
  isNew: boolean
}

/**
 * Where the pages of a tie begin. Each overlaps the last: when leads are deleted meanwhile, the others move forward,
 * and a page that begins with an unknown lead shows it. Then the next page begins further in front, and further the
 * longer there is a gap. When leads are inserted meanwhile, pages bring what is known, and it leaps over that.
 */
export class OverlapController {
  readonly #size: number
  #value: number
  /** How many elements of the next page were read before, if nothing is deleted. */
  #known: number
  /** How many elements of the last page the next one is to begin with. */
  #overlap = 1
  /** How far to step back when the next page shows a gap. */
  #back = 1
  /** How far to leap when the next page brings nothing new. */
  #leap = 0
  /** The offset at which an empty page proves the end; elsewhere it joins nothing. */
  #emptyAt: number | undefined

  /**
   * @param size elements a page
   * @param start where to begin: 0, or about where a lead stood that was read already
   */
  constructor(size: number, start: number) {
    this.#size = size
    this.#value = start
    this.#known = start === 0 ? 0 : 1
    this.#emptyAt = start === 0 ? 0 : undefined
  }

  /** The offset of the next page, or of the one that is read. */
  get value(): number {
    return this.#value
  }

  /** Whether nothing follows a page. */
  isEnd({ received, joins, isNew }: TiePage): boolean {
    if (received === 0 && this.#value === this.#emptyAt) return true
    // The last lead that is known, and nothing behind it. More of known ones prove nothing: a page may be short.
    return joins && !isNew && received === 1 && this.#known === 1
  }

  /** Goes on behind a page that was read to its end, or in front of it when there is a gap. */
  goOn({ received, joins, isNew }: TiePage): void {
    if (joins) this.#goForward(received, isNew)
    else this.#goBack()
  }

  /** Goes on with the last element of a part: it proves no gap and no end. */
  goOnBehindPart({ received, joins }: TiePage): void {
    if (!joins || received < 2) return
    this.#value += received - 1
    this.#known = 1
    this.#emptyAt = undefined
  }

  #goForward(received: number, isNew: boolean): void {
    this.#back = 1
    this.#overlap = Math.max(1, Math.floor(this.#overlap / 2))
    this.#known = Math.max(0, Math.min(this.#overlap, received - 1))
    // Behind a page of one lead, which could have had more, nothing is left to overlap with.
    this.#emptyAt = received === 1 ? this.#value + 1 : undefined
    if (received !== 1) this.#value += this.#leap
    this.#leap = isNew ? 0 : 2 * this.#leap + 1
    this.#value += received - this.#known
  }

  #goBack(): void {
    this.#value = Math.max(0, this.#value - this.#back)
    this.#known = this.#value === 0 ? 0 : 1
    this.#emptyAt = this.#value === 0 ? 0 : undefined
    this.#back *= 2
    this.#leap = 0
    // Who deletes leads is likely to go on with it.
    this.#overlap = Math.min(Math.ceil(this.#size / 2), this.#overlap * 2)
  }
}
