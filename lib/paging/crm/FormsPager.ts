import type { Form } from '../../crm/Form.ts'
import { LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element, EmitElement, PageRequest, Pager } from '../Pager.ts'
import { Cursors } from './Cursors.ts'
import { keyOf } from './keyOf.ts'

/** The request for a page of forms. */
export interface FormsRequest extends PageRequest {
  readonly max: number
  readonly archived: boolean
  readonly after?: string | undefined
}

/**
 * Pages through the forms that are not archived, then through those that are. It remembers the ids of all forms, of
 * which a portal has thousands at most. So a form that a page shows again, or that is archived between the two passes,
 * is delivered once. The cursor is the number of forms so far.
 */
export class FormsPager implements Pager<Form, FormsRequest, number> {
  readonly #passes: boolean[]
  readonly #keys: string[]
  readonly #known: Set<string>
  #cursors = new Cursors(list)
  /** New forms of the page so far. */
  #arrived = 0

  /** @param ids of the forms that were delivered before a restart */
  constructor(archived: boolean | 'both', ids: readonly string[] = []) {
    this.#passes = archived === 'both' ? [false, true] : [archived]
    this.#keys = [...ids]
    this.#known = new Set(ids)
  }

  /** The ids of the first `count` forms. */
  ids(count: number): string[] {
    return this.#keys.slice(0, count)
  }

  next(wanted: number): FormsRequest | undefined {
    const [archived] = this.#passes
    if (archived === undefined || wanted <= 0) return undefined
    return { max: pageSize, archived, after: this.#cursors.after }
  }

  take(element: Element<Form>, emit: EmitElement<Form, number>): undefined {
    this.#checkArchived(element)
    const { value } = element
    const key = value instanceof Rejected || !value.id ? keyOf(element) : value.id
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#keys.push(key)
    this.#arrived += 1
    emit(element, this.#keys.length)
  }

  finish(_received: number, _emit: unknown, envelope?: unknown): void {
    this.#arrived = 0
    if (this.#cursors.follow(envelope)) return
    this.#passes.shift()
    this.#cursors = new Cursors(list)
  }

  interrupt(): boolean {
    const isProgress = this.#arrived > 0
    this.#arrived = 0
    return isProgress
  }

  /** A server that ignores `archived` would hide the archived forms, or show them unasked. */
  #checkArchived({ value }: Element<Form>): void {
    const [archived] = this.#passes
    if (value instanceof Rejected || typeof value.archived !== 'boolean' || value.archived === archived)
      return
    const problem = `${list}: expected forms with "archived": ${archived}, received ${value.id} with ${value.archived}`
    throw new LeadpipeError('PAGING', problem)
  }
}

const list = 'the list of forms'

/** Forms in a page. One form may have 100 KB. */
const pageSize = 100
