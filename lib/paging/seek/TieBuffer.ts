import { type Element, type EmitElement, guidOf } from '../LeadPlan.ts'
import type { SeekCursor } from './SeekList.ts'
import { digestOf, type UnorderedElements } from './UnorderedElements.ts'

/** Holds the leads that share a time until all of them have arrived. */
export class TieBuffer {
  readonly time: number
  readonly #leads: { guid: string; element: Element }[] = []
  readonly #unordered: { digest: string; element: Element }[] = []

  constructor(time: number) {
    this.time = time
  }

  get size(): number {
    return this.#leads.length + this.#unordered.length
  }

  add(element: Element): void {
    const guid = guidOf(element)
    if (guid === undefined) this.#unordered.push({ digest: digestOf(element), element })
    else this.#leads.push({ guid, element })
  }

  /** Adds an element without a time that follows a lead of the tie. */
  addUnordered(element: Element): void {
    this.#unordered.push({ digest: digestOf(element), element })
  }

  /**
   * Delivers the leads after the guid `after`, in the order of guid; then the elements without a guid or a time.
   *
   * @param unordered the elements that were delivered before
   */
  release(after: string | undefined, unordered: UnorderedElements, emit: EmitElement<SeekCursor>): void {
    const { time } = this
    let last = after
    this.#leads.sort((a, b) => (a.guid < b.guid ? -1 : 1))
    for (const { guid, element } of this.#leads) {
      if (last !== undefined && guid <= last) continue
      last = guid
      emit(element, { time, guid, unordered: unordered.list })
    }
    this.#unordered.sort((a, b) => (a.digest < b.digest ? -1 : 1))
    for (const { digest, element } of this.#unordered) {
      // Without a guid, the cursor would say that all of this time is done.
      if (unordered.add(digest))
        emit(element, { time, guid: last ?? '', unordered: unordered.list, ownDigest: digest })
    }
    unordered.keep(this.#unordered.map(({ digest }) => digest))
  }
}

/**
 * The last elements of a tie, in descending order of guid: everything from the lowest guid on, provided that descending
 * is the exact reverse of ascending.
 */
export class TieEnd {
  readonly #size: number
  readonly #elements: Element[] = []
  #lowest: string | undefined
  #guids = 0
  /** Whether the guids descend: a server may ignore the direction. */
  #isDescending = true

  /** @param size the most elements to hold */
  constructor(size: number) {
    this.#size = size
  }

  /** @returns 'enough' if no more are held */
  add(element: Element): 'enough' | undefined {
    if (this.#elements.length >= this.#size) return 'enough'
    this.#elements.push(element)
    const guid = guidOf(element)
    if (guid === undefined) return undefined
    if (this.#lowest !== undefined && guid >= this.#lowest) this.#isDescending = false
    this.#lowest = guid
    this.#guids += 1
    return undefined
  }

  /** Whether nothing is missing between everything up to a guid and this end. */
  isReached(guid: string): boolean {
    // One guid alone does not show a direction.
    return this.#isDescending && this.#guids > 1 && this.#lowest !== undefined && guid >= this.#lowest
  }

  /** The elements in the order of the list. */
  get ascending(): Element[] {
    return this.#elements.toReversed()
  }
}
