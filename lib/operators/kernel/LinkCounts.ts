import type { OperatorCounts } from './OperatorCounts.ts'
import { operatorError } from './operatorError.ts'

/**
 * What a mark is told among the counts of an operator, and no report: the elements that it took although they
 * are no leads, and whether it said `done`. They are no names that an operator would give to counts of its own.
 */
const rejectedCount = 'elements that are no leads'
const doneCount = 'times that it wanted no more'

/** What went through one operator, before a restart included. */
export class LinkCounts {
  /** Values that reached it. */
  in = 0
  /** Values that it emitted. */
  out = 0
  /** Values that reached it when no more were wanted. */
  unused = 0
  /** Elements that it took although they are no leads. */
  rejected = 0
  /** Whether it said that it wants no more. */
  ended = false
  readonly #name: string
  readonly #counts: () => Readonly<Record<string, number>> | undefined
  /** What to add to its own counts so that they go on from those before a restart. */
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
    const own = this.#own()
    for (const [name, before] of Object.entries(this.#before)) {
      const since = own[name] ?? 0
      if (typeof since === 'number') own[name] = since + before
    }
    const total: OperatorCounts = { name: this.#name, in: this.in, out: this.out, ...own }
    if (this.unused > 0) total.unused = this.unused
    return total
  }

  /** For a mark: what `restore` needs. */
  toMark(): Record<string, number> {
    const { name, ...counts } = this.total
    const numbers = Object.entries({
      ...counts,
      ...(this.rejected === 0 ? {} : { [rejectedCount]: this.rejected }),
      ...(this.ended ? { [doneCount]: 1 } : {}),
    }).filter((entry): entry is [string, number] => Number.isFinite(entry[1]))
    return Object.fromEntries(numbers)
  }

  /** Goes on from what a mark was told, when the operator has its state again. */
  restore(counts: Readonly<Record<string, number>>): void {
    const {
      in: into = 0,
      out = 0,
      unused = 0,
      [rejectedCount]: rejected = 0,
      [doneCount]: dones = 0,
      ...before
    } = counts
    this.in += into
    this.out += out
    this.unused += unused
    this.rejected += rejected
    this.ended = dones > 0
    // Some operators take up their counts with their state, others begin with 0.
    const taken = this.#own()
    this.#before = Object.fromEntries(
      Object.entries(before).map(([name, count]) => [name, count - (Number(taken[name]) || 0)]),
    )
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
