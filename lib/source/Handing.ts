import type { Mark } from '../model/Mark.ts'
import type { Position } from '../model/Position.ts'
import type { Missing } from './pagers/GuidsPager.ts'
import type { SourceCounts } from './SourceCounts.ts'

/** What `run` asks of a source besides leads. */
export interface Handing {
  /** Hand on elements that are no leads as `Rejected`, instead of failing with DECODE. */
  rejected: boolean
  /** Keep each lead's own text and place. */
  origins: boolean
  /** Put marks between the leads. Default: none. */
  marks?: Marking
}

/** When a source puts a mark between its leads: whichever comes first. */
export interface Marking {
  leads: number
  /** Bytes of bodies. */
  bytes: number
  milliseconds: number
  make(state: SourceState): Mark
}

/** What a source needs to go on from a mark: plain JSON. */
export interface SourceState {
  position: Position
  counts: SourceCounts
  missing?: Missing
  /** Whether nothing follows. */
  ended: boolean
  /** Present where it was the limit that ended it: the list may go on. */
  limited?: boolean
}
