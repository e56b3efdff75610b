import type { Position } from '../lead/Position.ts'
import type { Missing } from '../paging/Pager.ts'
import type { SourceCounts } from './SourceCounts.ts'

/** What a source needs to go on from a mark: plain JSON. */
export interface SourceState {
  position: Position
  counts: SourceCounts
  missing?: Missing
  /** Whose leads came; absent where none of them says so. */
  portalId?: number
  /** Whether nothing follows. */
  ended: boolean
  /** Present where it was the limit that ended it: the list may go on. */
  limited?: boolean
}
