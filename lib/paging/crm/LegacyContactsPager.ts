import type { LegacyContact } from '../../crm/LegacyContact.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element, EmitElement, PageRequest, Pager } from '../Pager.ts'
import { Cursors } from './Cursors.ts'

/** The request for a page of the old list of contacts. */
export interface LegacyRequest extends PageRequest {
  readonly max: number
  readonly vidOffset?: string | undefined
}

/** A position in the list: the offset of a page, and the ids of its contacts that were delivered. */
export interface LegacyCursor {
  readonly vidOffset?: string | undefined
  readonly vids: readonly string[]
}

/**
 * Pages through the old list of contacts (`/contacts/v1/lists/all/contacts/all`) by the server's offset. A page that was
 * cut off is requested again, and the contacts that were delivered are left out.
 */
export class LegacyContactsPager implements Pager<LegacyContact, LegacyRequest, LegacyCursor> {
  readonly #cursors: Cursors
  #vids: string[]
  #arrived = 0
  #isEnded = false

  /** @param from where to resume */
  constructor({ vidOffset, vids }: LegacyCursor) {
    this.#cursors = new Cursors('the old list of contacts', vidOffset)
    this.#vids = [...vids]
  }

  next(wanted: number): LegacyRequest | undefined {
    return this.#isEnded || wanted <= 0 ? undefined : { max: 100, vidOffset: this.#cursors.after }
  }

  take(element: Element<LegacyContact>, emit: EmitElement<LegacyContact, LegacyCursor>): undefined {
    const { value } = element
    const vid = value instanceof Rejected ? '' : String(value.vid)
    if (this.#vids.includes(vid)) return
    this.#vids.push(vid)
    this.#arrived += 1
    emit(element, { vidOffset: this.#cursors.after, vids: [...this.#vids] })
  }

  finish(_received: number, _emit: unknown, envelope?: unknown): void {
    const { 'has-more': hasMore, 'vid-offset': after } = (envelope ?? {}) as Record<string, unknown>
    this.#arrived = 0
    this.#vids = []
    this.#isEnded = !this.#cursors.follow({ paging: hasMore === true ? { next: { after } } : undefined })
  }

  interrupt(): boolean {
    const isProgress = this.#arrived > 0
    this.#arrived = 0
    return isProgress
  }
}
