import type { SinkCounts } from '../../streams/SinkWritable.ts'

/** What an HTTP sink counted. */
export interface HttpCounts extends SinkCounts {
  /** Records that the receiver accepted, and those it refused that were skipped or set aside. */
  acknowledged: number
  /** Bytes of the bodies that were accepted or refused for good, each once, as they were sent. */
  bytes: number
  /** How many such bodies there were. */
  batches: number
  /** Batches that were too large (413) and sent in halves; not among `batches`. */
  splits: number
  /** Records that the receiver refused, and that were skipped or set aside. */
  refused: number
  /** Requests that were sent, repetitions included. */
  requests: number
  /** How many of them were repetitions. */
  retries: number
}
