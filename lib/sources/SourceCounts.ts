import type { DecodeCounts } from '../decode/ElementDecoder.ts'

/** What a source counted; each number has a counter of its own, for the ledger. */
export interface SourceCounts extends Omit<DecodeCounts, 'tokenised'> {
  /** Attempts sent, retries included. */
  requests: number
  /** Attempts that failed and were followed by another. */
  retries: number
  /** Pages read to their end, the empty one at the end of the list included. */
  pages: number
  /** Elements that the scanner counted on the pages that were read to their end. */
  scannedOnPages: number
  /** Elements that stream-json counted on those pages. */
  tokenisedOnPages: number
  /** Leads handed on. */
  delivered: number
  /** Elements that are no leads, handed on to be skipped or quarantined. */
  rejected: number
  /** Elements that came a second time, or are asked for again, or are outside of what was asked for. */
  dropped: number
  /** Elements that were read ahead and not handed on, because no more were wanted. */
  unused: number
}

/** Every number 0. */
export function noCounts(): SourceCounts {
  return {
    requests: 0,
    retries: 0,
    pages: 0,
    bytes: 0,
    scanned: 0,
    scannedOnPages: 0,
    tokenisedOnPages: 0,
    decoded: 0,
    malformed: 0,
    delivered: 0,
    rejected: 0,
    dropped: 0,
    unused: 0,
    replacedCharacters: 0,
  }
}

/**
 * Adds what one body held. Of one that was not read to its end, stream-json's number is not exact, and what had
 * begun and did not end counts for nothing: it will be asked for again.
 */
export function addBody(counts: SourceCounts, body: Readonly<DecodeCounts>, complete: boolean): void {
  const { tokenised, scanned, ...exact } = body
  for (const name of Object.keys(exact) as (keyof typeof exact)[]) counts[name] += exact[name]
  counts.scanned += complete ? scanned : body.decoded + body.malformed
  if (!complete) return
  counts.pages += 1
  counts.scannedOnPages += scanned
  counts.tokenisedOnPages += tokenised
}
