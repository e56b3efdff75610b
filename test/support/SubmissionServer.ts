import type { FormSubmission } from '../../lib/crm/FormSubmission.ts'
import type { SavedRows } from '../../lib/paging/crm/RecentRows.ts'
import { savedRows } from '../../lib/paging/crm/RecentRows.ts'
import {
  type SubmissionBounds,
  type SubmissionCursor,
  SubmissionsPager,
} from '../../lib/paging/crm/SubmissionsPager.ts'
import { jsonCopy } from './jsonCopy.ts'

/** A row as the API returns it. */
export type Row = Omit<FormSubmission, 'formGuid' | 'formName'>

/** What happens to one request. */
export interface Step {
  /** Rows that arrive before it. */
  inserts: readonly Row[]
  /** How many of the newest rows are deleted before it. Default: 0. */
  deletes?: number
  /** How many rows its page has at most. */
  size: number
  /** After how many rows the body is cut off; undefined: it is not. */
  cut?: number | undefined
  /** After how many delivered rows of the page the process is killed; undefined: it is not. */
  kill?: number | undefined
}

/** The place of a killed reader. */
type Place = SavedRows & { after?: string }

/** The submissions of one form, newest first, in pages by offset. */
export class SubmissionServer {
  rows: Row[]
  requests = 0

  constructor(rows: readonly Row[]) {
    this.rows = [...rows]
    this.#sort()
  }

  insert(rows: readonly Row[]): void {
    if (rows.length === 0) return
    this.rows.unshift(...rows)
    this.#sort()
  }

  page(after: string | undefined, size: number): { results: Row[]; paging?: object } {
    this.requests += 1
    const offset = Number.parseInt(after?.slice(1) ?? '0', 10)
    const results = this.rows.slice(offset, offset + size)
    if (offset + size >= this.rows.length) return { results }
    // An empty page has a cursor of its own, too.
    const turn = size === 0 ? `.${this.requests}` : ''
    return { results, paging: { next: { after: `o${offset + size}${turn}` } } }
  }

  #sort(): void {
    this.rows.sort((a, b) => b.submittedAt - a.submittedAt)
  }
}

/**
 * Reads a form with a pager, as `readStretch` does. Each request takes a step; when there are none left, nothing
 * happens any more.
 */
export function readForm(
  server: SubmissionServer,
  bounds: SubmissionBounds,
  steps: readonly Step[] = [],
  from?: Place,
): Row[] {
  const left = [...steps]
  const delivered: Row[] = []
  let last: SubmissionCursor | undefined
  let pager = pagerAt(bounds, from)
  for (;;) {
    const request = pager.next(Number.POSITIVE_INFINITY)
    if (request === undefined) return delivered
    const { inserts, deletes = 0, size, cut, kill }: Step = left.shift() ?? { inserts: [], size: request.max }
    server.insert(inserts)
    server.rows.splice(0, deletes)
    const { results, ...envelope } = server.page(request.after, size)
    const emitted: { row: Row; cursor: SubmissionCursor }[] = []
    const emit = ({ value }: { value: unknown }, cursor: SubmissionCursor) =>
      emitted.push({ row: value as Row, cursor })
    const arrived = results.slice(0, cut)
    for (const value of arrived)
      pager.take({ value: { ...value } as FormSubmission, raw: JSON.stringify(value) }, emit)
    if (cut !== undefined && cut < results.length) pager.interrupt()
    else pager.finish(arrived.length, emit, { ...envelope, results: [] })
    const taken = emitted.slice(0, kill)
    delivered.push(...taken.map(({ row }) => row))
    last = taken.at(-1)?.cursor ?? last
    if (kill !== undefined) pager = pagerAt(bounds, last === undefined ? from : placeAfter(last))
  }
}

/** The place after a cursor, as a checkpoint saves it. */
const placeAfter = ({ after, rows }: SubmissionCursor): Place =>
  jsonCopy({ ...(after === undefined ? {} : { after }), ...savedRows(rows) })

const pagerAt = (bounds: SubmissionBounds, place?: Place) =>
  new SubmissionsPager({ id: 'form', name: 'A form' }, bounds, place)
