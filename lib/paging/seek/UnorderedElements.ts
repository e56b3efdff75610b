import { createHash } from 'node:crypto'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../LeadPlan.ts'

/** So many of one time can be told apart; more are a list that is not read by seeking. */
const most = 1_000

/**
 * Remembers what has no guid, or no time, by its text: it has no place in the order, and a page that overlaps
 * the last brings it again.
 */
export class UnorderedElements {
  #seen: Set<string>
  /** Those of the time before: a request that reaches a millisecond further than it must brings them again. */
  #before = new Set<string>()
  /** What came in front of the leads of a page: it may belong to the time before, or to the next. */
  #between = new Set<string>()
  /** Made once for all the leads that come until there is another. */
  #list: readonly string[] | undefined

  constructor(seen: Iterable<string> = []) {
    this.#seen = new Set(seen)
  }

  /** Their digests, for a cursor; undefined where there are none. */
  get list(): readonly string[] | undefined {
    if (this.#before.size === 0 && this.#seen.size === 0) return undefined
    this.#list ??= [...new Set([...this.#before, ...this.#seen])]
    return this.#list
  }

  /** Whether there are more than are remembered. */
  get tooMany(): boolean {
    return this.#seen.size > most
  }

  /** Whether one came before. */
  has(digest: string): boolean {
    return this.#seen.has(digest) || this.#before.has(digest)
  }

  /** Takes one; false when it came before. */
  add(digest: string, where?: 'between'): boolean {
    if (this.has(digest)) return false
    this.#seen.add(digest)
    this.#list = undefined
    if (where === 'between') this.#between.add(digest)
    return true
  }

  /** Takes note that a time is done, and which are those of it. Default: all since the time before. */
  keep(digests: Iterable<string> = this.#seen): void {
    // As good as always, and each lead's time may be one of its own.
    if (this.#seen.size === 0 && this.#before.size === 0) return
    this.#before = this.#seen
    this.#seen = new Set([...this.#between, ...digests])
    this.#between = new Set()
    this.#list = undefined
  }
}

/** What tells an element without a guid from others. */
export function digestOf({ value, raw }: Element): string {
  const text = value instanceof Rejected ? value.raw : (raw ?? JSON.stringify(value))
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
