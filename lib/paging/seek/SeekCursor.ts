/** A place in the order of (time pivot, guid): everything up to it is done. */
export interface SeekCursor {
  /** The pivot; negative infinity before the first lead. */
  readonly time: number
  /** The guid; undefined where all of that time is done, '' where no lead that has a guid is. */
  readonly guid?: string
  /** About where the lead stood in the list of its time, where that is read by guid. */
  readonly tie?: number
  /** Digests of what has no guid or no time and came with this time, or behind it. */
  readonly others?: readonly string[]
  /** The digest of what this is the cursor of, if that is one of those. */
  readonly other?: string
}
