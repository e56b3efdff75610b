/** First in, first out. `Array.shift()` moves all items of a long array; this one does not. */
export class Queue<T> {
  readonly #items: (T | undefined)[] = []
  /** Number of items at the beginning that were taken. */
  #taken = 0

  get length(): number {
    return this.#items.length - this.#taken
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Takes the first item; undefined if there is none. The memory of taken items is reused when all are taken. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#taken]
    this.#items[this.#taken] = undefined
    this.#taken += 1
    if (this.length === 0) this.clear()
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#taken = 0
  }
}
