/** What went through one operator. */
export interface OperatorCounts {
  name: string
  /** Values that reached it. */
  in: number
  /** Values that it emitted. */
  out: number
  /**
   * Numbers of its own, for example `skipped`; and `unused`, the values that reached it when no more were
   * wanted, where there are any.
   */
  [own: string]: string | number
}
