const remembered = 10_000

/** Numbers the pages that lists ask for, in the order in which each is first asked for. */
export class PageNumbers {
  readonly #numbers = new Map<string, number>()
  #last = 0

  /** The number of the page with these parameters: 1, 2, … A page that was asked for before keeps its own. */
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

/** What a list asks for, whoever asks. */
function positionOf(query: URLSearchParams): string {
  const position = new URLSearchParams(query)
  for (const name of ['access_token', 'hapikey']) position.delete(name)
  return position.toString()
}
