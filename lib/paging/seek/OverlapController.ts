/** What a page of a tie (leads that share a time) showed. */
export interface TiePage {
  /** Elements received. */
  received: number
  /** Whether it begins with an element that was read before, or at offset 0: nothing can be missing before it. */
  isContiguous: boolean
  /** Whether it has an element that was not read before. */
  isNew: boolean
}

/**
 * Chooses the offsets of the pages of a tie. Each page overlaps the previous one. If leads are deleted meanwhile, the
 * others move to lower offsets, and a page that begins with an unknown lead reveals a gap. Then the next page begins at
 * a lower offset, and the step back doubles until the gap is closed. If leads are inserted meanwhile, pages have only
 * known leads, and the next offset leaps over them.
 */
export class OverlapController {
  readonly #size: number
  #value: number
  /** How many elements of the next page were read before, if nothing is deleted. */
  #known: number
  /** How many elements of the previous page the next one should begin with. */
  #overlap = 1
  /** How far to step back when the next page shows a gap. */
  #back = 1
  /** How far to leap when the next page has nothing new. */
  #leap = 0
  /** The offset at which an empty page proves the end of the tie; at other offsets it proves nothing. */
  #emptyAt: number | undefined

  /**
   * @param size elements a page
   * @param start the first offset: 0, or the approximate offset of a lead that was read before
   */
  constructor(size: number, start: number) {
    this.#size = size
    this.#value = start
    this.#known = start === 0 ? 0 : 1
    this.#emptyAt = start === 0 ? 0 : undefined
  }

  /** The offset of the next page, or of the one being read. */
  get value(): number {
    return this.#value
  }

  /** Whether a page is the last one. */
  isEnd({ received, isContiguous, isNew }: TiePage): boolean {
    if (received === 0 && this.#value === this.#emptyAt) return true
    // The page has only the last known lead, and nothing after it. Several known leads prove nothing: a page may be
    // short.
    return isContiguous && !isNew && received === 1 && this.#known === 1
  }

  /** Moves the offset after a page that was read to its end: forward, or back if there is a gap. */
  moveAfterPage({ received, isContiguous, isNew }: TiePage): void {
    if (isContiguous) this.#moveForward(received, isNew)
    else this.#moveBack()
  }

  /** Moves the offset to the last element of a part of a page: a part proves neither a gap nor the end. */
  moveAfterPart({ received, isContiguous }: TiePage): void {
    if (!isContiguous || received < 2) return
    this.#value += received - 1
    this.#known = 1
    this.#emptyAt = undefined
  }

  #moveForward(received: number, isNew: boolean): void {
    this.#back = 1
    this.#overlap = Math.max(1, Math.floor(this.#overlap / 2))
    this.#known = Math.max(0, Math.min(this.#overlap, received - 1))
    // After a page of one lead, which could have held more, nothing is left to overlap with.
    this.#emptyAt = received === 1 ? this.#value + 1 : undefined
    if (received !== 1) this.#value += this.#leap
    this.#leap = isNew ? 0 : 2 * this.#leap + 1
    this.#value += received - this.#known
  }

  #moveBack(): void {
    this.#value = Math.max(0, this.#value - this.#back)
    this.#known = this.#value === 0 ? 0 : 1
    this.#emptyAt = this.#value === 0 ? 0 : undefined
    this.#back *= 2
    this.#leap = 0
    // Further deletes are likely.
    this.#overlap = Math.min(Math.ceil(this.#size / 2), this.#overlap * 2)
  }
}
