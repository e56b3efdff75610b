/** Rows that are remembered at least, and at most. */
const [fewest, most] = [1_000, 20_000]

/** A position restarts with the rows that are at most this many milliseconds newer than the oldest one. */
export const disorder = 300_000

/** A delivered row. */
interface Row {
  readonly key: string
  readonly time: number
}

/** The rows that were delivered up to some moment. */
export interface RecentState {
  /** In the order of delivery; only the first `count` count. */
  readonly rows: readonly Row[]
  readonly count: number
  /** The oldest time of all rows; Infinity if there are none. */
  readonly oldest: number
  /** No row that is not in `rows` is older than this. */
  readonly before: number
}

/** The same, in the form of a position. */
export interface SavedRows {
  readonly oldest?: number
  readonly recent?: Readonly<Record<string, number>>
  readonly before?: number
}

/**
 * The last 1,000 to 2,000 delivered rows of a list that is sorted from the newest to the oldest, so that a row that a
 * page shows again is recognised. Rows that all have the oldest time are remembered up to 20,000.
 */
export class RecentRows {
  /** Appended to, and replaced before it gets too long: a {@link RecentState} stays as it is. */
  #rows: Row[]
  #known: Set<string>
  #room = 2 * fewest
  #oldest: number
  #before: number

  constructor({ oldest, recent = {}, before }: SavedRows = {}) {
    this.#rows = Object.entries(recent).map(([key, time]) => ({ key, time }))
    this.#known = new Set(Object.keys(recent))
    this.#oldest = oldest ?? Number.POSITIVE_INFINITY
    this.#before = before ?? Number.POSITIVE_INFINITY
  }

  /** The oldest time of all rows; Infinity if there are none. */
  get oldest(): number {
    return this.#oldest
  }

  get state(): RecentState {
    return { rows: this.#rows, count: this.#rows.length, oldest: this.#oldest, before: this.#before }
  }

  has(key: string): boolean {
    return this.#known.has(key)
  }

  /** Whether a row of this time that is not remembered may have been delivered nevertheless. */
  mayHaveForgotten(time: number): boolean {
    return time >= this.#before
  }

  add(key: string, time: number): void {
    if (this.#rows.length >= this.#room) this.#forget()
    this.#rows.push({ key, time })
    this.#known.add(key)
    this.#oldest = Math.min(this.#oldest, time)
  }

  #forget(): void {
    const { length } = this.#rows
    const isKept = ({ time }: Row, index: number) =>
      index >= length - fewest || (index >= length - most && time <= this.#oldest)
    const forgotten = this.#rows.filter((row, index) => !isKept(row, index))
    this.#rows = this.#rows.filter(isKept)
    this.#known = new Set(this.#rows.map(({ key }) => key))
    this.#before = oldestOf(forgotten, this.#before)
    this.#room = this.#rows.length + fewest
  }
}

/** What a restart needs: few rows, because most are too new to be shown as if they had not been delivered. */
export function savedRows({ rows, count, oldest, before }: RecentState): SavedRows {
  if (count === 0) return {}
  const all = rows.slice(0, count)
  const isRecent = ({ time }: Row) => time <= oldest + disorder
  const recent = all.filter(isRecent)
  const bound = oldestOf(
    all.filter(row => !isRecent(row)),
    before,
  )
  return {
    oldest,
    recent: Object.fromEntries(recent.map(({ key, time }) => [key, time])),
    ...(bound === Number.POSITIVE_INFINITY ? {} : { before: bound }),
  }
}

const oldestOf = (rows: readonly Row[], before: number) =>
  rows.reduce((oldest, { time }) => Math.min(oldest, time), before)
