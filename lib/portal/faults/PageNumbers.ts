const remembered = 10_000

/** Numbers the pages of lists in the order in which each is first requested. */
export class PageNumbers {
  readonly #numbers = new Map<string, number>()
  #last = 0

  /** The number of the page with these parameters: 1, 2, … A page that was requested before keeps its number. */
  of(query: URLSearchParams): number {
    const position = positionOf(query)
    const known = this.#numbers.get(position)
    if (known !== undefined) return known
    this.#last++
    this.#numbers.set(position, this.#last)
    for (const [oldest] of this.#numbers) {
      if (this.#numbers.size <= remembered) break
      this.#numbers.delete(oldest)
    }
    return this.#last
  }
}

/** The parameters of a list, without those that identify the client. */
function positionOf(query: URLSearchParams): string {
  const position = new URLSearchParams(query)
  for (const name of ['access_token', 'hapikey']) position.delete(name)
  return position.toString()
}
