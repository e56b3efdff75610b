import type { OperatorCounts } from './definition.ts'
import { operatorError } from './instance.ts'

/** The values that went through one operator. */
export interface CountsOfValues {
  in: number
  out: number
  unused: number
  rejected: number
  /** Whether it said that it wants no more. */
  ended: boolean
}

/** What went through one operator, as it is kept in a checkpoint. */
export interface SavedCounts extends CountsOfValues {
  /** Its own counts. */
  own: Readonly<Record<string, number>>
}

/** What went through one operator, before a restart included. */
export class OperatorCounters {
  /** Values that reached it. */
  in = 0
  /** Values that it emitted. */
  out = 0
  /** Values that reached it when no more were wanted. */
  unused = 0
  /** Elements that it took although they are not records. */
  rejected = 0
  /** Whether it said that it wants no more. */
  ended = false
  readonly #name: string
  readonly #counts: () => Readonly<Record<string, number>> | undefined
  /** What to add to its own counts so that they continue those of before a restart. */
  #before: Readonly<Record<string, number>> = {}

  /** @param counts gives the operator's own */
  constructor(name: string, counts: () => Readonly<Record<string, number>> | undefined) {
    this.#name = name
    this.#counts = counts
  }

  /**
   * For the report.
   *
   * @throws {LeadpipeError} OPERATOR when the operator's own can't be had.
   */
  get total(): OperatorCounts {
    const total: OperatorCounts = { name: this.#name, in: this.in, out: this.out, ...this.#ownTotal() }
    if (this.unused > 0) total.unused = this.unused
    return total
  }

  /** What it counted itself. */
  get ofValues(): CountsOfValues {
    const { in: into, out, unused, rejected, ended } = this
    return { in: into, out, unused, rejected, ended }
  }

  save(): SavedCounts {
    const own = Object.entries(this.#ownTotal()).filter((entry): entry is [string, number] =>
      Number.isFinite(entry[1]),
    )
    return { ...this.ofValues, own: Object.fromEntries(own) }
  }

  /** Continues what `save` gave, when the operator has its state again. */
  restore({ own: before, ...counts }: SavedCounts): void {
    Object.assign(this, counts)
    // Some operators save their counts with their state, others begin with 0.
    const now = this.#own()
    this.#before = Object.fromEntries(
      Object.entries(before).map(([name, count]) => [name, count - (Number(now[name]) || 0)]),
    )
  }

  #ownTotal(): Record<string, string | number> {
    const own = this.#own()
    for (const [name, before] of Object.entries(this.#before)) {
      const since = own[name] ?? 0
      if (typeof since === 'number') own[name] = since + before
    }
    return own
  }

  /** The operator's own, without the names that are taken. */
  #own(): Record<string, string | number> {
    try {
      const { name, in: into, out, unused, ...own }: Record<string, number> = { ...this.#counts() }
      return own
    } catch (error) {
      throw operatorError(this.#name, error)
    }
  }
}
