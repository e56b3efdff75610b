import { createHash } from 'node:crypto'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../LeadPlan.ts'
import type { SeekCursor } from './SeekList.ts'

/** At most this many elements of one time are remembered; a list with more can't be read by seeking. */
const maxRemembered = 1_000

/**
 * Remembers elements without a guid or a time by their text: they cannot be ordered, and a page that overlaps the
 * previous one contains them again.
 */
export class UnorderedElements {
  #seen: Set<string>
  /** Those of the previous time: a request that reaches a millisecond further than it must returns them again. */
  #previous = new Set<string>()
  /** Those that precede the leads of a page: they may belong to the previous time, or to the next. */
  #between = new Set<string>()
  /** Cached: shared by all leads until another such element arrives. */
  #list: readonly string[] | undefined

  constructor(seen: Iterable<string> = []) {
    this.#seen = new Set(seen)
  }

  /** Their digests, for a cursor; undefined if there are none. */
  get list(): readonly string[] | undefined {
    if (this.#previous.size === 0 && this.#seen.size === 0) return undefined
    this.#list ??= [...new Set([...this.#previous, ...this.#seen])]
    return this.#list
  }

  /** Whether there are more than can be remembered. */
  get tooMany(): boolean {
    return this.#seen.size > maxRemembered
  }

  /** Whether an element was seen before. */
  has(digest: string): boolean {
    return this.#seen.has(digest) || this.#previous.has(digest)
  }

  /** Adds an element; returns false if it was seen before. */
  add(digest: string, where?: 'between'): boolean {
    if (this.has(digest)) return false
    this.#seen.add(digest)
    this.#list = undefined
    if (where === 'between') this.#between.add(digest)
    return true
  }

  /** Records that a time is done, and which elements belong to it. Default: all since the previous time. */
  keep(digests: Iterable<string> = this.#seen): void {
    // Fast path: it is almost always taken, and this is called for each time, of which each lead may have its own.
    if (this.#seen.size === 0 && this.#previous.size === 0) return
    this.#previous = this.#seen
    this.#seen = new Set([...this.#between, ...digests])
    this.#between = new Set()
    this.#list = undefined
  }
}

/** The digest by which an element that cannot be ordered is recognised. */
export function digestOf({ value, raw }: Element): string {
  const text = value instanceof Rejected ? value.raw : (raw ?? JSON.stringify(value))
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

/** The first time of the leads of a stretch. */
interface Span {
  readonly first: number | undefined
}

/**
 * Removes the duplicates between one stretch of a seek list and the next. An element that cannot be ordered may be in
 * both: servers return elements that share a time in any order, so it may precede a lead in one stretch and follow it
 * in the other; and if bounds include their own time, the next stretch begins a millisecond earlier. Such an element is
 * delivered with the earlier stretch.
 */
export class OverlapFilter {
  /** Digests of the elements at the end of the earlier stretches. */
  #known: readonly string[] = []
  /** Cache: the last list of digests that was merged with `#known`, and the result, which many cursors share. */
  #merged: { unordered: readonly string[] | undefined; all: readonly string[] } | undefined

  /**
   * Completes the cursor of the next element with what the earlier stretches delivered; undefined if one of them
   * delivered the element.
   */
  completeCursor(cursor: SeekCursor, { first }: Span): SeekCursor | undefined {
    if (this.#known.length === 0 || (first !== undefined && cursor.time > first)) return cursor
    if (cursor.ownDigest !== undefined && this.#known.includes(cursor.ownDigest)) return undefined
    const { unordered } = cursor
    if (this.#merged === undefined || this.#merged.unordered !== unordered) {
      this.#merged = { unordered, all: [...new Set([...this.#known, ...(unordered ?? [])])] }
    }
    return { ...cursor, unordered: this.#merged.all }
  }

  /** Records that a stretch was delivered. */
  done({ span, unordered }: { span: Span; unordered?: readonly string[] | undefined }): void {
    const known = unordered ?? []
    this.#known = span.first === undefined ? [...new Set([...this.#known, ...known])] : known
    this.#merged = undefined
  }
}
