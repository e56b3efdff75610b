import type { ListPlace } from './LeadList.ts'

/** Where a list goes on behind what was pushed into a stream. */
export interface Place extends ListPlace {
  /** Whether it was a mark that was pushed, and no lead. */
  readonly isMark: boolean
}

/** The places behind what was pushed last into a stream: as many as are not read yet, and one more. */
export class Places {
  readonly #places: Place[] = []

  /** The place behind what was pushed last; undefined before that. */
  get last(): Place | undefined {
    return this.#places.at(-1)
  }

  /** Called before something is pushed. */
  add(place: Place): void {
    this.#places.push(place)
  }

  /** Called after that. @param unread how much was pushed and is not read yet */
  trim(unread: number): void {
    while (this.#places.length > unread + 1) this.#places.shift()
  }

  /** The place behind what was read last; undefined when nothing was. */
  read(unread: number): Place | undefined {
    return this.#places[this.#places.length - 1 - unread]
  }

  /** How much of what is not read yet are no marks. */
  unread(unread: number): number {
    return this.#places.slice(this.#places.length - unread).filter(({ isMark }) => !isMark).length
  }
}
