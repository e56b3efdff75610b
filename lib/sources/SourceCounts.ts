import type { DecodeCounts } from '../decode/ElementDecoder.ts'
import { type Changes, noChanges } from '../stage/Changes.ts'
import { type Equation, equation } from '../stage/Stage.ts'

/** The counters of a source. Each is counted independently, so that the ledger can compare them. */
export interface SourceCounts extends Omit<DecodeCounts, 'tokenised'>, Changes {
  /** Attempts sent, including retries. */
  requests: number
  /** Failed attempts that were followed by another attempt. */
  retries: number
  /** Pages read to their end, including the empty one at the end of the list. */
  pages: number
  /** Elements that the scanner counted on pages read to their end. */
  scannedOnPages: number
  /** Elements that stream-json counted on those pages. */
  tokenisedOnPages: number
  /** Leads emitted. */
  delivered: number
  /** Elements that are not leads, emitted to be skipped or quarantined. */
  rejected: number
  /** Elements that were read a second time, will be requested again, or are outside the requested range. */
  dropped: number
  /** Elements that were read ahead but not emitted, because no more were wanted. */
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
    ...noChanges(),
  }
}

/** The counters that reading a page updates. */
export type PageCounts = Pick<
  SourceCounts,
  'pages' | 'bytes' | 'scanned' | 'scannedOnPages' | 'tokenisedOnPages' | 'decoded' | 'malformed' | 'dropped'
>

/**
 * Adds the part of a body that arrived since the last call. An element counts as scanned only when it is decoded: if
 * the body is cut off in the middle of it, it will be requested again.
 */
export function addProgress(
  counts: PageCounts,
  now: Readonly<DecodeCounts>,
  before: Readonly<DecodeCounts>,
): void {
  for (const name of ['bytes', 'decoded', 'malformed'] as const) counts[name] += now[name] - before[name]
  counts.scanned += now.decoded + now.malformed - before.decoded - before.malformed
}

/**
 * Adds a page.
 *
 * @param isComplete whether it was read to its end: only then have the scanner and stream-json seen the same elements
 */
export function addPage(
  counts: PageCounts,
  { scanned, tokenised, decoded, malformed }: Readonly<DecodeCounts>,
  isComplete: boolean,
): void {
  counts.pages += 1
  if (!isComplete) return
  counts.scanned += scanned - decoded - malformed
  counts.scannedOnPages += scanned
  counts.tokenisedOnPages += tokenised
}

/**
 * The equations that the counts must satisfy.
 *
 * @param isEnded whether the list was read to its end: if not, reading may have stopped in the middle of an element
 */
export function sourceEquations(counts: SourceCounts, isEnded: boolean): readonly Equation[] {
  const { scanned, scannedOnPages, tokenisedOnPages, decoded, malformed } = counts
  const { delivered, rejected, dropped, unused } = counts
  const [arrived, accounted] = [decoded + malformed, delivered + rejected + dropped + unused]
  return [
    equation('elements scanned', 'elements seen by stream-json', scannedOnPages, tokenisedOnPages),
    ...(isEnded ? [equation('elements scanned', 'decoded + malformed', scanned, arrived)] : []),
    equation('decoded + malformed', 'delivered + rejected + dropped + unused', arrived, accounted),
  ]
}
