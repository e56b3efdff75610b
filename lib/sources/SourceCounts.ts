import type { DecodeCounts } from '../decode/ElementDecoder.ts'
import type { Position } from '../lead/Position.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import { type Equation, equation } from '../stage/Stage.ts'

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

/** What pages bring, of these counts. */
export type PageCounts = Pick<
  SourceCounts,
  | 'pages'
  | 'bytes'
  | 'scanned'
  | 'scannedOnPages'
  | 'tokenisedOnPages'
  | 'decoded'
  | 'malformed'
  | 'dropped'
  | 'replacedCharacters'
>

/**
 * Adds what of a body came since the last time. An element that has begun counts as scanned when it is decoded: of a body
 * that breaks off it will be asked for again.
 */
export function addProgress(
  counts: PageCounts,
  now: Readonly<DecodeCounts>,
  before: Readonly<DecodeCounts>,
): void {
  for (const name of ['bytes', 'decoded', 'malformed', 'replacedCharacters'] as const)
    counts[name] += now[name] - before[name]
  counts.scanned += now.decoded + now.malformed - before.decoded - before.malformed
}

/**
 * Adds a page.
 *
 * @param isWhole whether it was read to its end: only then scanner and stream-json have seen the same
 */
export function addPage(
  counts: PageCounts,
  { scanned, tokenised, decoded, malformed }: Readonly<DecodeCounts>,
  isWhole: boolean,
): void {
  counts.pages += 1
  if (!isWhole) return
  counts.scanned += scanned - decoded - malformed
  counts.scannedOnPages += scanned
  counts.tokenisedOnPages += tokenised
}

/**
 * What must hold of the counts.
 *
 * @param isEnded whether the list was read to its end: otherwise it may be in the middle of an element
 */
export function sourceEquations(counts: SourceCounts, isEnded: boolean): readonly Equation[] {
  const { scanned, scannedOnPages, tokenisedOnPages, decoded, malformed } = counts
  const { delivered, rejected, dropped, unused } = counts
  const [came, went] = [decoded + malformed, delivered + rejected + dropped + unused]
  return [
    equation('elements scanned', 'elements seen by stream-json', scannedOnPages, tokenisedOnPages),
    ...(isEnded ? [equation('elements scanned', 'decoded + malformed', scanned, came)] : []),
    equation('decoded + malformed', 'delivered + rejected + dropped + unused', came, went),
  ]
}

/** What a restart needs of a source: plain JSON. */
export interface SourceState {
  position: Position
  counts: SourceCounts
  missing?: Missing
  /** Whose leads came; absent if none of them says so. */
  portalId?: number
  /** Whether nothing follows. */
  ended: boolean
  /** Present if it was the limit that ended it: the list may continue. */
  limited?: boolean
}
