import { createHash } from 'node:crypto'
import type { Visit } from './Visit.ts'

const remembered = 10_000

/** The part of a request that says which page of which list it asks for. */
export type PageRequest = Pick<Visit, 'path' | 'query' | 'body'>

/** Numbers the pages of each list in the order in which each is first requested. */
export class PageNumbers {
  readonly #numbers = new Map<string, number>()
  /** The last number of each list. */
  readonly #last = new Map<string, number>()

  /** The number of the page with these parameters: 1, 2, … A page that was requested before keeps its number. */
  of({ path, query, body }: PageRequest): number {
    const position = `${path}?${positionOf(query)} ${digestOf(body)}`
    const known = this.#numbers.get(position)
    if (known !== undefined) return known
    const number = (this.#last.get(path) ?? 0) + 1
    this.#numbers.set(position, number)
    this.#last.set(path, number)
    for (const map of [this.#numbers, this.#last]) {
      for (const [oldest] of map) {
        if (map.size <= remembered) break
        map.delete(oldest)
      }
    }
    return number
  }
}

/** A body may be large; its digest is not. */
function digestOf(body: Buffer): string {
  return body.length === 0 ? '' : createHash('sha256').update(body).digest('base64')
}

/** The parameters of a list, without those that identify the client. */
function positionOf(query: URLSearchParams): string {
  const position = new URLSearchParams(query)
  for (const name of ['access_token', 'hapikey']) position.delete(name)
  return position.toString()
}
