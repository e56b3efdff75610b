import type { Plan } from '../paging/Pager.ts'
import { type Item, Lane, leadsIn, type ReadStretch } from './Lane.ts'
import type { ReadAhead } from './ReadAhead.ts'

/** What lanes are made with. */
export interface LanesOptions {
  ahead: ReadAhead
  read: ReadStretch
  /** Lanes that may read at the same time, once a page has shown that there is more than one. */
  width: number
  /** How many more leads may be handed on. */
  wanted(): number
}

/** The lanes of a source, in the order of the list; the first is the one whose leads are handed on. */
export class Lanes {
  readonly #options: LanesOptions
  #lanes: Lane[] = []
  #isWide = false
  /** The batch at hand, and how many of its items are handed on. */
  #batch: readonly Item[] = []
  #handed = 0
  #closed = false

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** The lane whose leads are handed on; undefined when the list is read. */
  first(plan: Plan): Lane | undefined {
    this.fill(plan)
    return this.#lanes[0]
  }

  /** Takes note that all of the first was handed on. */
  shift(): void {
    this.#lanes.shift()
  }

  /** Takes note of a batch of the first that is going to be handed on. */
  begin(items: readonly Item[]): void {
    this.#batch = items
    this.#handed = 0
  }

  /** Takes note of one item of it that is. */
  hand(): void {
    this.#handed += 1
  }

  /** Takes note that no more of it is; returns how many items are left. */
  end(): number {
    const left = this.#left
    this.#batch = []
    this.#handed = 0
    return left
  }

  /** How many leads a lane may ask for: those that were read in front of them are sure to be handed on. */
  wantedOf(lane: Lane): number {
    const upTo = this.#lanes.indexOf(lane) + 1
    const read = this.#lanes.slice(0, upTo).reduce((sum, { leads }) => sum + leads, 0)
    return this.#options.wanted() - leadsIn(this.#batch.slice(this.#handed)) - read
  }

  /** How many lanes may read at the same time, where there is more than one stretch. */
  widthFor({ pagesEach }: Plan): number {
    const { ahead, width } = this.#options
    return pagesEach === undefined ? width : Math.max(1, Math.min(width, Math.floor(ahead.pages / pagesEach)))
  }

  /** Starts lanes as long as more may be read at the same time. */
  fill(plan: Plan): void {
    const { ahead, read, wanted } = this.#options
    // Lanes that are read and not handed on yet hold their leads: there is an end to their number, too.
    const width = this.#isWide ? this.widthFor(plan) : 1
    const most = width === 1 ? 1 : 4 * width
    while (!this.#closed) {
      const isFull = this.#lanes.length >= most || this.#reading >= width
      // What comes in front of everything else is read whatever goes on: nothing behind it may be handed on.
      const first = this.#lanes[0]?.stretch.place ?? Number.POSITIVE_INFINITY
      const isNext = (plan.place ?? Number.POSITIVE_INFINITY) < first
      if (isFull && !isNext) return
      const rest = isNext ? this.#left : this.#lanes.reduce((sum, lane) => sum + lane.rest, this.#left)
      const stretch = plan.next(wanted() - rest)
      if (stretch === undefined) return
      const ended = () => {
        plan.read?.(stretch)
        this.#isWide = true
        this.fill(plan)
      }
      this.#lanes.push(new Lane(stretch, ahead, read, ended))
      this.#lanes.sort((a, b) => a.stretch.place - b.stretch.place)
    }
  }

  /** Lets go of what was read ahead; resolves to the number of items. */
  async discard(): Promise<number> {
    const lanes = this.#lanes
    this.#lanes = []
    const unused = await Promise.all(lanes.map(lane => lane.cancel()))
    return unused.reduce((sum, count) => sum + count, 0)
  }

  /** Ends the reading at once; no lane begins any more. */
  close(): void {
    this.#closed = true
    for (const lane of this.#lanes) lane.cancel()
  }

  get #reading(): number {
    return this.#lanes.filter(lane => lane.isReading).length
  }

  /** Items of the batch at hand that are not handed on yet. */
  get #left(): number {
    return this.#batch.length - this.#handed
  }
}
