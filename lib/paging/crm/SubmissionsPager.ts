import type { FormSubmission } from '../../crm/FormSubmission.ts'
import { LeadpipeError } from '../../errors.ts'
import { originOf, Rejected, setOrigin } from '../../stage/Rejected.ts'
import type { Element, EmitElement, PageRequest, Pager } from '../Pager.ts'
import { Cursors } from './Cursors.ts'
import { keyOf } from './keyOf.ts'
import { disorder, RecentRows, type RecentState, type SavedRows } from './RecentRows.ts'

/** The most submissions that the API puts into a page. */
export const maxSubmissions = 50

/** The form whose submissions are read. */
export interface FormName {
  /** A guid. */
  readonly id: string
  readonly name?: string
  /** Whether forms of its type have no submissions: comments of a blog. */
  readonly isEmpty?: true
}

/** The request for a page of a form's submissions. */
export interface SubmissionPageRequest extends PageRequest {
  readonly max: number
  readonly form: string
  readonly after?: string | undefined
}

/** The position after a submission. */
export interface SubmissionCursor {
  readonly form: string
  /** The cursor of its page. */
  readonly after?: string | undefined
  readonly rows: RecentState
}

/** The times of the submissions to deliver: from `since` on, and before `until`. */
export interface SubmissionBounds {
  readonly since: number
  readonly until: number
}

/**
 * Pages through the submissions of one form, from the newest to the oldest.
 *
 * Submissions that arrive meanwhile may shift the pages, so that a page shows rows of the page before it again. Nothing
 * is lost by that. Deletions between two pages shift them the other way, which can't be seen. What becomes of a row is decided by these rules, in this order:
 *
 * 1. A row of `until` or later is dropped: it belongs to the next run.
 * 2. A row that is remembered (`RecentRows`) was delivered: it is dropped.
 * 3. A row that is as new as a forgotten one may be forgotten itself: it is dropped, and the pager is behind. It has to
 *    come to a remembered row before the next new one, as it does when pages were shifted. If it does not, it starts at the
 *    newest row, once: rows that may be forgotten are dropped until it comes to another one. If that brings no new row
 *    and it gets lost again, the order is broken, and it can't tell new rows from delivered ones: PAGING.
 * 4. Every other row was certainly not delivered, whatever its place. If it is before `since`, it is dropped, and no
 *    further page is requested. Rows may be out of order by five minutes for that; more is PAGING, if there is a
 *    `since`. Without one, the form is read to its end, and the order does not matter.
 *
 * After a restart, or when its body was cut off, the page of the last delivered row is requested again, and the pager is
 * behind: others may have been deleted, so that the page begins too far down. It also starts at the newest row if the
 * portal refuses the cursor.
 */
export class SubmissionsPager implements Pager<FormSubmission, SubmissionPageRequest, SubmissionCursor> {
  readonly form: FormName
  /** Whether the portal refused the form. */
  isRefused = false
  readonly #bounds: SubmissionBounds
  readonly #rows: RecentRows
  readonly #list: string
  #cursors: Cursors
  /** The time of the newest row so far. */
  #newest = Number.NEGATIVE_INFINITY
  /** The time that the next row has, or an older one, if the order is right. */
  #last: number
  /** Whether a remembered row must come before the next new one. */
  #isBehind: boolean
  /** Rows that were delivered, and how many they were when it last started at the newest row. */
  #delivered = 0
  #restartedAt: number | undefined
  /** Whether it must start at the newest row: the rest of the page is dropped. */
  #mustRestart = false
  /** Whether rows that may be forgotten are dropped without being behind: from the newest row to the first known one. */
  #isCatchingUp = false
  #isEnded = false
  /** New rows of the page so far. */
  #arrived = 0

  /** @param from where to resume */
  constructor(form: FormName, bounds: SubmissionBounds, from?: SavedRows & { readonly after?: string }) {
    this.form = form
    this.#bounds = bounds
    this.#list = `the submissions of form ${form.id}`
    this.#rows = new RecentRows(from)
    this.#last = this.#rows.oldest
    this.#cursors = new Cursors(this.#list, from?.after)
    this.#isBehind = from !== undefined
  }

  next(wanted: number): SubmissionPageRequest | undefined {
    if (wanted <= 0 || this.#isEnded || this.isRefused) return undefined
    return { max: maxSubmissions, form: this.form.id, after: this.#cursors.after }
  }

  take(element: Element<FormSubmission>, emit: EmitElement<FormSubmission, SubmissionCursor>): undefined {
    if (this.#mustRestart) return
    const { value } = element
    const key = keyOfRow(element)
    const time = this.#timeOf(value)
    this.#newest = Math.max(this.#newest, time)
    if (time >= this.#bounds.until) return
    if (this.#rows.has(key)) {
      this.#last = time
      this.#isBehind = this.#isCatchingUp = false
      return
    }
    if (this.#rows.mayHaveForgotten(time)) {
      this.#last = time
      this.#isBehind ||= !this.#isCatchingUp
      return
    }
    if (this.#isBehind) return this.#refuseOrder(time)
    this.#isCatchingUp = false
    if (this.#isTooOld(time)) return
    this.#arrived += 1
    this.#delivered += 1
    this.#rows.add(key, time)
    emit(
      { ...element, value: this.#withForm(value) },
      {
        form: this.form.id,
        after: this.#cursors.after,
        rows: this.#rows.state,
      },
    )
  }

  finish(_received: number, _emit: unknown, envelope?: unknown): void {
    this.#arrived = 0
    if (!this.#mustRestart) {
      if (this.#isEnded) return
      this.#isEnded = !this.#cursors.follow(envelope)
      if (this.#isEnded && this.#isBehind) this.#refuseOrder(this.#newest)
    }
    if (this.#mustRestart) this.#restart()
  }

  interrupt(): boolean {
    const isProgress = this.#arrived > 0 || this.#mustRestart
    if (this.#arrived > 0) this.#isBehind = true
    this.#arrived = 0
    if (this.#mustRestart) this.#restart()
    // The page is requested again, also if it showed the end. Rows before `since` are not remembered.
    this.#isEnded = false
    this.#last = Number.POSITIVE_INFINITY
    return isProgress
  }

  /** Called when the portal refuses the cursor. Returns whether it can do without: then it starts at the newest row. */
  refuseCursor(): boolean {
    if (!this.#mayRestart || this.#cursors.after === undefined) return false
    this.#restart()
    return true
  }

  /** Called when the portal refuses the form: nothing more is requested. */
  refuse(): void {
    this.isRefused = true
  }

  /** Whether the row is before `since`. Ends the form at a row that proves that the others are, too. */
  #isTooOld(time: number): boolean {
    const { since } = this.#bounds
    if (since > 0 && time > this.#last + disorder) throw this.#orderError(time)
    this.#last = Math.min(this.#last, time)
    // A list that begins with its oldest rows has no newer row before them.
    if (time < since - disorder && time < this.#newest) this.#isEnded = true
    return time < since
  }

  /** Starts at the newest row again only if that can bring new rows. */
  get #mayRestart(): boolean {
    return this.#delivered !== this.#restartedAt
  }

  /** @throws {LeadpipeError} PAGING if it started at the newest row already */
  #refuseOrder(time: number): undefined {
    if (!this.#mayRestart) throw this.#orderError(time)
    this.#mustRestart = true
  }

  #restart(): void {
    this.#cursors = new Cursors(this.#list)
    this.#isBehind = this.#mustRestart = this.#isEnded = false
    this.#restartedAt = this.#delivered
    this.#isCatchingUp = true
    this.#last = Number.POSITIVE_INFINITY
  }

  /** A row without a time has that of the row before it. */
  #timeOf(value: FormSubmission | Rejected): number {
    if (!(value instanceof Rejected) && Number.isSafeInteger(value.submittedAt)) return value.submittedAt
    return Math.min(this.#last, this.#bounds.until - 1, Number.MAX_SAFE_INTEGER)
  }

  #withForm(row: FormSubmission | Rejected): FormSubmission | Rejected {
    const { id, name } = this.form
    if (row instanceof Rejected) {
      const { problem, message, raw, location } = row
      return new Rejected(problem, `${this.#list}: ${message}`, raw, location)
    }
    const form = { formGuid: id, ...(name === undefined ? {} : { formName: name }) }
    const submission = { ...row, ...form }
    const origin = originOf(row)
    // A quarantine keeps the text: without the form, it could not be put back into the pipeline.
    if (origin !== undefined) setOrigin(submission, { ...origin, raw: withMembers(origin.raw, form) })
    return submission
  }

  #orderError(time: number): LeadpipeError {
    const { oldest } = this.#rows
    const received = Number.isFinite(time) ? `one of ${time}` : 'no known one'
    const problem = `${this.#list}: expected the newest first, received ${received} after one of ${oldest}`
    return new LeadpipeError('PAGING', problem, { context: { formGuid: this.form.id } })
  }
}

function keyOfRow(element: Element<FormSubmission>): string {
  const { value } = element
  const id: unknown = value instanceof Rejected ? undefined : value.conversionId
  return typeof id === 'string' && id !== '' ? id : keyOf(element)
}

/** The text of an object with further members. */
function withMembers(object: string, members: object): string {
  const start = object.slice(0, object.lastIndexOf('}')).trimEnd()
  return `${start}${start.endsWith('{') ? '' : ','}${JSON.stringify(members).slice(1)}`
}
