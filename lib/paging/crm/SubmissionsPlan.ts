import { deferred } from '../../async/promises.ts'
import type { FormSubmission } from '../../crm/FormSubmission.ts'
import type { SubmissionsPosition } from '../../crm/formPositions.ts'
import { describe, LeadpipeError } from '../../errors.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { Pager, Plan, Stretch } from '../Pager.ts'
import { FormListPager } from './FormListPager.ts'
import type { FormsRequest } from './FormsPager.ts'
import { savedRows } from './RecentRows.ts'
import {
  type FormName,
  maxSubmissions,
  type SubmissionCursor,
  type SubmissionPageRequest,
  SubmissionsPager,
} from './SubmissionsPager.ts'

/** The request for a page of forms, or for one of a form's submissions. */
export type SubmissionsRequest = FormsRequest | SubmissionPageRequest

/** A form whose submissions the portal refuses. */
export interface RefusedForm {
  readonly formGuid: string
  readonly formName?: string
  /** The status of the answer: 403 (a scope is missing), 404 (deleted) or 400 (a type without submissions). */
  readonly status: number
  /** What the portal answered. */
  readonly reason: string
}

/** Which submissions are read. */
export interface SubmissionsSelection {
  /** The ids of the forms. Default: all. */
  readonly forms?: readonly string[] | undefined
  /** Milliseconds since 1970. Default: no bound. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Milliseconds by which `until` is before the server's time, at least. */
  readonly lag: number
}

/** Where a plan resumes. */
export type SubmissionsStart = Partial<Omit<SubmissionsPosition, 'paging' | 'records'>>

/** The position after a submission; undefined before the first one. */
type Cursor = SubmissionCursor | undefined
type AnyPager = Pager<FormSubmission, SubmissionsRequest, Cursor>
type SubmissionStretch = Stretch<FormSubmission, SubmissionsRequest, Cursor>

/**
 * Reads the list of forms, which is the first stretch and delivers nothing, and then the submissions of each form, a
 * stretch for each. The forms are in the order of their ids, so that a restart finds its place among them. Archived
 * forms have submissions, too. The ids and names of all forms are in memory: a portal has thousands at most.
 */
export class SubmissionsPlan implements Plan<FormSubmission, SubmissionsRequest, Cursor> {
  readonly start = undefined
  readonly #listed = deferred()
  readonly #selection: SubmissionsSelection
  readonly #from: SubmissionsStart
  readonly #since: number
  #until: number
  readonly #unread: ReadonlySet<string>
  readonly #refused: Map<string, RefusedForm>
  readonly #list = new FormListPager()
  #isBegun = false
  /** In the order of their ids; undefined until the list of forms is read. */
  #forms: readonly FormName[] | undefined
  /** Forms that `next` returned. */
  #begun = 0
  /** Whether the submissions of any form could be read. */
  #isReadable: boolean
  /** The forms that are being read. */
  readonly #pagers = new Map<string, SubmissionsPager>()
  #lastRefusal: LeadpipeError | undefined

  /**
   * @param from where to resume; default: at the first form
   * @param refused the forms that were refused before the restart
   */
  constructor(
    selection: SubmissionsSelection,
    from: SubmissionsStart = {},
    refused: readonly RefusedForm[] = [],
  ) {
    this.#selection = selection
    this.#from = from
    this.#since = from.since ?? selection.since ?? 0
    this.#until = from.until ?? selection.until ?? Number.POSITIVE_INFINITY
    this.#unread = new Set(from.unread)
    this.#refused = new Map(refused.map(form => [form.formGuid, form]))
    this.#isReadable = from.form !== undefined
  }

  /** Resolves when the list of forms is read, and has all forms of the selection. */
  get ready(): Promise<void> {
    return this.#listed.promise
  }

  /** The number of forms to read; undefined until the list of forms is read. */
  get forms(): number | undefined {
    return this.#forms?.length
  }

  /** The forms that the portal refused, in the order of their ids. */
  get refused(): RefusedForm[] {
    return [...this.#refused.values()].sort((a, b) => (a.formGuid < b.formGuid ? -1 : 1))
  }

  next(wanted: number): SubmissionStretch | undefined {
    if (wanted <= 0) return undefined
    if (this.#isBegun) return this.#nextForm()
    this.#isBegun = true
    return { pager: this.#list as AnyPager, expected: 0, order: 0 }
  }

  read({ pager, order }: SubmissionStretch): void {
    if (order === 0) {
      this.#forms = this.#selectForms()
      this.#listed.resolve()
      return
    }
    const { form, isRefused } = pager as SubmissionsPager
    this.#pagers.delete(form.id)
    if (isRefused) return
    this.#isReadable = true
    this.#refused.delete(form.id)
  }

  done({ order }: SubmissionStretch): 'continue' {
    if (order > 0 && order === this.#forms?.length) this.#checkReadable()
    return 'continue'
  }

  /** Called with the server's time of the first answer, in milliseconds since 1970. */
  answered(time: number): void {
    if (this.#from.until === undefined) this.#until = Math.min(this.#until, time - this.#selection.lag)
  }

  /** Called when a request failed. Returns whether the list continues without what was requested. */
  refuse(request: SubmissionsRequest, error: unknown): boolean {
    const pager = 'form' in request ? this.#pagers.get(request.form) : undefined
    if (pager === undefined || !(error instanceof LeadpipeError)) return false
    const { status, excerpt = '' } = error.context as { status?: number; excerpt?: string }
    // An answer that broke off may not say why.
    const isOfOtherType =
      status === 400 && (pager.form.isEmpty === true || excerpt.includes('FORM_TYPE_NOT_ALLOWED'))
    if (status === 400 && !isOfOtherType) return pager.refuseCursor()
    if (status !== 400 && status !== 403 && status !== 404) return false
    pager.refuse()
    if (!isOfOtherType) this.#lastRefusal = error
    this.#note(pager.form, status, error.problem)
    return true
  }

  /** A cursor as plain JSON. */
  position(cursor: Cursor): SubmissionsStart {
    const { form, after, oldest, recent, before } =
      cursor === undefined ? this.#from : { ...cursor, ...savedRows(cursor.rows) }
    const place = { form, after, oldest, recent, before }
    return {
      ...(this.#since > 0 ? { since: this.#since } : {}),
      ...(this.#until === Number.POSITIVE_INFINITY ? {} : { until: this.#until }),
      ...(this.#unread.size > 0 ? { unread: [...this.#unread] } : {}),
      ...Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined)),
    }
  }

  #nextForm(): SubmissionStretch | undefined {
    const form = this.#forms?.[this.#begun]
    if (form === undefined) return undefined
    this.#begun += 1
    const since = this.#unread.has(form.id) ? (this.#selection.since ?? 0) : this.#since
    const from = form.id === this.#from.form ? this.#from : undefined
    const pager = new SubmissionsPager(form, { since, until: this.#until }, from)
    this.#pagers.set(form.id, pager)
    // Unknown: a page is a guess.
    return { pager: pager as AnyPager, expected: maxSubmissions, order: this.#begun }
  }

  /**
   * The forms to read, from the one where it resumes.
   *
   * @throws {LeadpipeError} OPTION for an id that the portal does not have
   */
  #selectForms(): readonly FormName[] {
    const { forms: wanted } = this.#selection
    const listed = new Map(this.#list.forms.map(form => [form.id, form]))
    const unknown = (wanted ?? []).filter(id => !listed.has(id) && !this.#refused.has(id))
    const { form: first = '' } = this.#from
    if (first !== '' && !listed.has(first)) {
      this.#note({ id: first }, 404, 'it is not in the list of forms any more')
    } else if (unknown.length > 0) {
      const expected = 'ids of forms of the portal'
      throw optionError({
        owner: 'formSubmissions()',
        option: 'forms',
        expected,
        received: describe(unknown),
      })
    }
    return [...listed.values()]
      .filter(({ id }) => id >= first && (wanted === undefined || wanted.includes(id)))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  #note({ id, name }: FormName, status: number, reason: string): void {
    const named = name === undefined ? {} : { formName: name }
    this.#refused.set(id, { formGuid: id, ...named, status, reason })
  }

  /** @throws {LeadpipeError} the portal's last refusal if it refused every form: the result would be empty */
  #checkReadable(): void {
    if (!this.#isReadable && this.#lastRefusal !== undefined) throw this.#lastRefusal
  }
}
