/** How ids are spread: an estimate, from numbers, which may be rounded. */
export class IdSpan {
  #first = 0
  #last = 0
  #count = 0
  #largestGap = 0

  /** Ids are added in ascending order. */
  add(id: string): void {
    const number = Number(id)
    if (this.#count === 0) this.#first = number
    else this.#largestGap = Math.max(this.#largestGap, number - this.#last)
    this.#last = number
    this.#count += 1
  }

  /** Ids per record, without the largest gap: one jump says little about what follows. Undefined with few records. */
  get spacing(): number | undefined {
    if (this.#count < 3) return undefined
    return Math.max(1, (this.#last - this.#first - this.#largestGap) / (this.#count - 2))
  }
}
