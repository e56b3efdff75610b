import type { Lead } from '../lead/Lead.ts'
import type { Stretch } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import { PageRoom } from './PageRoom.ts'
import type { ReadAhead } from './ReadAhead.ts'

/** What is handed on: a lead (or what is none), and where the list goes on behind it. */
export interface Item {
  readonly lead: Lead | Rejected
  readonly cursor: unknown
}

/** What one chunk of a body brought. */
export interface Batch {
  readonly items: readonly Item[]
  /** Bytes of the body that they stand for. */
  readonly bytes: number
}

/** Reads the pages of a stretch; what it yields it has let go of. */
export type ReadStretch = (lane: Lane, signal: AbortSignal) => AsyncGenerator<Batch>

/**
 * Reads one stretch of a list. The first lane of a source reads no faster than its leads are taken; those behind
 * it read ahead, as far as there is room.
 */
export class Lane {
  readonly stretch: Stretch
  readonly #ahead: ReadAhead
  readonly #abort = new AbortController()
  readonly #reading: Promise<void>
  #batches: Batch[] = []
  #isFirst = false
  /** What the page that is read takes of the room for reading ahead. */
  #room: PageRoom
  #failure: { error: unknown } | undefined
  #ended = false
  #taken = 0
  /** Whether a batch that was taken is not handed on to its end yet. */
  #busy = false
  #cancelled: Promise<number> | undefined
  #changed: (() => void)[] = []

  /** @param ended called when the stretch was read to its end */
  constructor(stretch: Stretch, ahead: ReadAhead, read: ReadStretch, ended: () => void) {
    this.stretch = stretch
    this.#ahead = ahead
    this.#room = new PageRoom(ahead, 0)
    this.#reading = this.#read(read, ended)
  }

  /** Whether the stretch is still being read. */
  get isReading(): boolean {
    return !this.#ended
  }

  /** How many items are read and not taken. */
  get held(): number {
    return this.#batches.reduce((sum, { items }) => sum + items.length, 0)
  }

  /** How many of them are leads. */
  get leads(): number {
    return this.#batches.reduce((sum, { items }) => sum + leadsIn(items), 0)
  }

  /** About how many items are to come. */
  get rest(): number {
    return this.isReading ? Math.max(this.held, this.stretch.expected - this.#taken) : this.held
  }

  /**
   * Resolves when a page may be asked for; what it is likely to need is booked until `endPage` is called.
   *
   * @param isWanted whether what was read so far does not suffice
   */
  async mayAsk(isWanted: () => boolean): Promise<void> {
    for (;;) {
      const isAhead = !this.#isFirst && !this.#abort.signal.aborted
      const booked = isAhead && isWanted() ? this.#ahead.book() : 0
      if (booked > 0 || !isAhead) {
        this.#room = new PageRoom(this.#ahead, booked)
        return
      }
      await this.#ahead.change()
    }
  }

  /** Takes note of how many bytes of the page came so far. */
  came(bytes: number): void {
    this.#room.came(bytes)
  }

  /** Takes note that nothing more comes of the page. */
  endPage(): void {
    this.#room.close()
  }

  /** Resolves when the lane is the first. */
  async untilFirst(): Promise<void> {
    while (!this.#isFirst && !this.#abort.signal.aborted) await this.#ahead.change()
  }

  /** Whether the page is too large to be read ahead. */
  get isTooLarge(): boolean {
    return !this.#isFirst && this.#room.isTooLarge
  }

  /** Everything that the stretch brings; the lane is the first from now on. */
  async *batches(): AsyncGenerator<Batch> {
    this.#isFirst = true
    this.#room.waive()
    this.#ahead.wake()
    for (;;) {
      const batch = this.#batches.shift()
      if (batch !== undefined) {
        this.#ahead.give(batch.bytes)
        this.#taken += batch.items.length
        this.#busy = true
        this.#tell()
        yield batch
        this.#busy = false
        this.#tell()
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure.error
        return
      } else {
        await this.#change()
      }
    }
  }

  /** Ends the reading; resolves when the connection is let go of, with the number of items that were not taken. */
  cancel(): Promise<number> {
    this.#cancelled ??= this.#cancel()
    return this.#cancelled
  }

  async #cancel(): Promise<number> {
    this.#abort.abort()
    this.#tell()
    this.#ahead.wake()
    await this.#reading
    const unused = this.held
    for (const { bytes } of this.#batches) this.#ahead.give(bytes)
    this.#batches = []
    return unused
  }

  /** Fails never: what goes wrong is told when its turn has come. */
  async #read(read: ReadStretch, ended: () => void): Promise<void> {
    const { signal } = this.#abort
    try {
      for await (const batch of read(this, signal)) {
        this.#room.batched(batch.bytes)
        this.#batches.push(batch)
        this.#tell()
        while (this.#mustWait && !signal.aborted) await this.#change()
        if (signal.aborted) break
      }
      this.#ended = true
      if (!signal.aborted) ended()
    } catch (error) {
      this.#failure = { error }
    }
    this.#ended = true
    this.#tell()
  }

  /** Whether what the first lane has read is to be taken before it reads on. */
  get #mustWait(): boolean {
    return this.#isFirst && (this.#batches.length > 0 || (this.#busy && this.#ahead.isNone))
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#changed.push(resolve)
    })
  }

  #tell(): void {
    const changed = this.#changed
    this.#changed = []
    for (const resolve of changed) resolve()
  }
}

/** How many items are leads. */
export function leadsIn(items: readonly Item[]): number {
  return items.filter(({ lead }) => !(lead instanceof Rejected)).length
}
