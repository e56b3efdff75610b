import type { Mark } from '../model/Mark.ts'
import type { SourceState } from './SourceState.ts'

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
