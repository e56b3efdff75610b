import { compareIds } from '../../crm/recordId.ts'
import type { SearchRange, SearchRequest } from './CrmRequest.ts'
import { inWords } from './RangeReader.ts'
import { type Row, type SearchList, unusable } from './SearchList.ts'

/** Reads the last page that a search reaches of a range, to find out where the range can be divided. */
export class FarPage {
  readonly range: SearchRange
  rows: Row[] = []
  readonly #list: SearchList

  constructor(list: SearchList, range: SearchRange) {
    this.#list = list
    this.range = range
  }

  next(): SearchRequest {
    const { pageSize, reach } = this.#list
    this.rows = []
    return { kind: 'search', max: pageSize, offset: Math.max(0, reach - pageSize), range: this.range }
  }

  take(row: Row): void {
    this.rows.push(row)
  }

  interrupt(): boolean {
    return false
  }
}

/**
 * The first part of a range that has more records than a search reaches.
 *
 * @param far records of the last page that a search reaches. If search keeps its order, the part before them is as
 * large as possible. Without any, the part is the first half.
 */
export function firstPart(range: SearchRange, far: readonly Row[]): SearchRange {
  const { from, to, ids } = range
  if (ids !== undefined) return { from, to, ids: { after: ids.after, upTo: lastId(range, ids, far) } }
  const times = far.map(({ time }) => time).filter(time => time >= from && time <= to)
  const [earliest] = times.toSorted((a, b) => a - b)
  return { from, to: earliest === undefined ? Math.floor((from + to) / 2) : Math.max(from, earliest - 1) }
}

function lastId(
  range: SearchRange,
  { after = '0', upTo }: NonNullable<SearchRange['ids']>,
  far: readonly Row[],
): string {
  const isInside = (id: string) =>
    compareIds(id, after) > 0 && (upTo === undefined || compareIds(id, upTo) <= 0)
  const [smallest] = far
    .map(({ id }) => id)
    .filter(isInside)
    .toSorted(compareIds)
  const first = BigInt(after) + 1n
  if (smallest !== undefined) return String(BigInt(smallest) > first ? BigInt(smallest) - 1n : first)
  if (upTo === undefined || BigInt(upTo) <= first)
    throw unusable(`search does not restrict ${inWords(range)}`)
  return String((first + BigInt(upTo)) / 2n)
}
