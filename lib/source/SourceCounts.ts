import type { DecodeCounts } from './decode/ElementDecoder.ts'

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
    replacedCharacters: 0,
  }
}

/** Adds what one body held. stream-json's number is only exact for a body that was read to its end. */
export function addBody(counts: SourceCounts, body: Readonly<DecodeCounts>, complete: boolean): void {
  const { tokenised, ...exact } = body
  for (const name of Object.keys(exact) as (keyof typeof exact)[]) counts[name] += exact[name]
  if (!complete) return
  counts.pages += 1
  counts.scannedOnPages += body.scanned
  counts.tokenisedOnPages += tokenised
}
