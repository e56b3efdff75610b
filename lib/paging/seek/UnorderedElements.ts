import { createHash } from 'node:crypto'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../LeadPlan.ts'
import type { SeekCursor } from './SeekList.ts'

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

/** What a stretch brought: the first time of a lead with a place in the order. */
interface Span {
  readonly first: number | undefined
}

/**
 * Where one stretch of a seek list ends and the next begins. What has no place in the order may come in both: servers
 * give what shares a time in any order, so that it stands in front of a lead for one stretch and behind it for the
 * other, and where bounds include their time the next stretch begins a millisecond further in front. It is handed on
 * with the stretch that comes first.
 */
export class OverlapFilter {
  /** What came at the end of the stretches in front. */
  #known: readonly string[] = []
  /** The last list of others that was joined with it, and what came of that: many cursors share one. */
  #joined: { others: readonly string[] | undefined; all: readonly string[] } | undefined

  /**
   * The cursor of what is handed on next, knowing what came in front of its stretch; undefined when that was it.
   */
  join(cursor: SeekCursor, { first }: Span): SeekCursor | undefined {
    if (this.#known.length === 0 || (first !== undefined && cursor.time > first)) return cursor
    if (cursor.other !== undefined && this.#known.includes(cursor.other)) return undefined
    const { others } = cursor
    if (this.#joined === undefined || this.#joined.others !== others) {
      this.#joined = { others, all: [...new Set([...this.#known, ...(others ?? [])])] }
    }
    return { ...cursor, others: this.#joined.all }
  }

  /** Takes note that a stretch was handed on. */
  done({ span, others }: { span: Span; others?: readonly string[] | undefined }): void {
    const known = others ?? []
    this.#known = span.first === undefined ? [...new Set([...this.#known, ...known])] : known
    this.#joined = undefined
  }
}
