import type { SeekCursor } from './SeekList.ts'
import type { SeekPager } from './SeekPager.ts'

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
  join(cursor: SeekCursor, { first }: SeekPager['span']): SeekCursor | undefined {
    if (this.#known.length === 0 || (first !== undefined && cursor.time > first)) return cursor
    if (cursor.other !== undefined && this.#known.includes(cursor.other)) return undefined
    const { others } = cursor
    if (this.#joined === undefined || this.#joined.others !== others) {
      this.#joined = { others, all: [...new Set([...this.#known, ...(others ?? [])])] }
    }
    return { ...cursor, others: this.#joined.all }
  }

  /** Takes note that a stretch was handed on. */
  done({ span, others }: Pick<SeekPager, 'span' | 'others'>): void {
    const known = others ?? []
    this.#known = span.first === undefined ? [...new Set([...this.#known, ...known])] : known
    this.#joined = undefined
  }
}
