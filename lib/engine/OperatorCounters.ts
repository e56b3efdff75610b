import type { OperatorCounts } from './definition.ts'
import { operatorError } from './instance.ts'

/** The counts of values of one operator. */
export interface CountsOfValues {
  in: number
  out: number
  unused: number
  rejected: number
  /** Whether it has said that it wants no more. */
  ended: boolean
}

/** The counts of one operator, as a checkpoint holds them. */
export interface SavedCounts extends CountsOfValues {
  /** The operator's own counts. */
  own: Readonly<Record<string, number>>
}

/** The counts of one operator, those from before a restart included. */
export class OperatorCounters {
  /** Values that reached it. */
  in = 0
  /** Values that it emitted. */
  out = 0
  /** Values that reached it after it wanted no more. */
  unused = 0
  /** Elements that are not records, and that it accepted. */
  rejected = 0
  /** Whether it has said that it wants no more. */
  ended = false
  readonly #name: string
  readonly #counts: () => Readonly<Record<string, number>> | undefined
  /** The amounts to add to its own counts, so that they continue the counts from before a restart. */
  #before: Readonly<Record<string, number>> = {}

  /** @param counts returns the operator's own counts */
  constructor(name: string, counts: () => Readonly<Record<string, number>> | undefined) {
    this.#name = name
    this.#counts = counts
  }

  /**
   * The counts for the report.
   *
   * @throws {LeadpipeError} OPERATOR when the operator's own counts throw.
   */
  get total(): OperatorCounts {
    return {
      name: this.#name,
      in: this.in,
      out: this.out,
      ...(this.unused > 0 ? { unused: this.unused } : {}),
      own: this.#ownTotal(),
    }
  }

  /** The counts without the operator's own. */
  get ofValues(): CountsOfValues {
    const { in: into, out, unused, rejected, ended } = this
    return { in: into, out, unused, rejected, ended }
  }

  save(): SavedCounts {
    const own = Object.entries(this.#ownTotal()).filter(([, count]) => Number.isFinite(count))
    return { ...this.ofValues, own: Object.fromEntries(own) }
  }

  /** Continues the saved counts, after the operator got its state back. */
  restore({ own: before, ...counts }: SavedCounts): void {
    Object.assign(this, counts)
    // Some operators save their counts with their state, others start from 0.
    const now = this.#own()
    this.#before = Object.fromEntries(
      Object.entries(before).map(([name, count]) => [name, count - (now[name] || 0)]),
    )
  }

  #ownTotal(): Record<string, number> {
    const own = this.#own()
    for (const [name, before] of Object.entries(this.#before)) own[name] = (own[name] ?? 0) + before
    return own
  }

  /** The operator's own counts in this process; a user's JavaScript may return values that are not numbers. */
  #own(): Record<string, number> {
    try {
      const counts = Object.entries(this.#counts() ?? {})
      return Object.fromEntries(counts.filter(([, count]) => typeof count === 'number'))
    } catch (error) {
      throw operatorError(this.#name, error)
    }
  }
}
