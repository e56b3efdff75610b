import { Readable } from 'node:stream'
import type { LeadsClient } from '../client/LeadsClient.ts'
import { onAbort } from '../client/onAbort.ts'
import type { Lead } from '../model/Lead.ts'
import type { LeadsQuery } from '../model/LeadsQuery.ts'
import type { Position, SeekPosition } from '../model/Position.ts'
import type { Handing } from './Handing.ts'
import type { Batch } from './Lane.ts'
import { LeadList } from './LeadList.ts'
import { MarkTimer } from './MarkTimer.ts'
import type { LeadsSettings } from './options.ts'
import { type Place, Places } from './Places.ts'
import type { Missing } from './pagers/GuidsPager.ts'
import type { SourceCounts } from './SourceCounts.ts'
import type { SourceState } from './SourceState.ts'
import { sourceIdentity } from './sourceIdentity.ts'

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * Leads come in the order of the list, although several of its pages are asked for at the same time. It reads
 * ahead no further than its high-water mark and the bytes of `readAhead`: while nobody reads, the sockets are
 * left unread, too. `destroy()`, an abort, or leaving a `for await` closes the connections at once. A body that
 * breaks off is continued behind the last lead that was handed on.
 */
export class LeadSource extends Readable {
  /** The checked query. */
  readonly query: Readonly<LeadsQuery>
  /** Set by `run`, before the first read. */
  handing: Handing = { rejected: false, origins: false }

  readonly #client: LeadsClient
  readonly #settings: LeadsSettings
  readonly #list: LeadList
  readonly #places = new Places()
  readonly #timer = new MarkTimer()
  /** Whether the source stopped at a mark, because it was asked to. */
  #halted = false
  /** Ends the wait for the user's signal. */
  #unlisten: (() => void) | undefined
  #loop: Promise<void> | undefined
  /** Ends the reading loop's wait for a consumer that has enough for now. */
  #proceed: (() => void) | undefined

  constructor(client: LeadsClient, query: LeadsQuery, settings: LeadsSettings) {
    super({ objectMode: true, highWaterMark: settings.highWaterMark })
    this.#client = client
    this.query = query
    this.#settings = settings
    this.#list = new LeadList({
      client,
      query,
      settings,
      handing: () => this.handing,
      // The bounds of time are known now: a restart reads the same list, even if nothing came yet.
      answered: () => {
        if (!this.#stopped) this.#mark()
      },
    })
  }

  /** What was counted so far. */
  get counts(): SourceCounts {
    return this.#list.counts
  }

  /** What became of the guids of the query, where it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.#list.missing
  }

  /**
   * Where the list goes on behind the last lead that was read from this stream, as plain JSON: for the option
   * `from` of another source with the same query.
   */
  get position(): Position {
    // What was pushed and not read yet is still ahead.
    return this.#list.position(this.#places.read(this.readableLength) ?? this.#list.start)
  }

  /** Leads (and elements that are none) that were handed on and not read from this stream yet. */
  get unread(): number {
    return this.#places.unread(this.readableLength)
  }

  /** Whether the server can be asked how many leads match. */
  get isCountable(): boolean {
    const { guids, offset } = this.query
    const { limit, from } = this.#settings
    return guids === undefined && !offset && limit === Number.POSITIVE_INFINITY && from === undefined
  }

  /**
   * How many leads match on the server now: about 2 log2 N requests of one lead.
   *
   * @param at a position in the list that is meant: later ones know its bounds better
   */
  countMatching(at: Position, signal?: AbortSignal): Promise<number> {
    return this.#list.countMatching(at, signal)
  }

  /** What of the list is read, where it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return this.#list.window
  }

  /** What must be the same for a checkpoint to fit: plain JSON. */
  get identity(): Readonly<Record<string, unknown>> {
    return sourceIdentity(this.#client.origin, this.query, this.#settings)
  }

  /** The leads, for `for await`; leaving the loop destroys the source. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Lead> {
    return super[Symbol.asyncIterator]()
  }

  /**
   * Goes on from a mark. For `run`, before the first read.
   *
   * @throws {LeadpipeError} OPTION when the mark is one of another kind of paging.
   */
  continueFrom(state: SourceState): void {
    this.#list.continueFrom(state)
  }

  /**
   * Hands on no more, and puts a mark behind the last lead; resolves when it is there. For `run`, when it is to
   * end early. The stream is destroyed after that, it does not end.
   */
  async halt(): Promise<void> {
    this.#halted = true
    this.#proceed?.()
    this.#list.stop()
    await this.#loop?.catch(() => {})
  }

  override _read(): void {
    this.#proceed?.()
    if (this.#loop !== undefined) return
    const { signal } = this.#settings
    if (signal?.aborted) {
      this.destroy(signal.reason)
      return
    }
    this.#unlisten = signal && onAbort(signal, () => this.destroy(signal.reason))
    this.#loop = this.#readList().finally(() => this.#list.close())
    this.#loop.catch(error => this.destroy(error))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#unlisten?.()
    this.#proceed?.()
    this.#list.stop()
    // The connections are let go of, and everything counted, when the loop has ended.
    const end = () => callback(error)
    if (this.#loop === undefined) end()
    else this.#loop.then(end, end)
  }

  get #stopped(): boolean {
    return this.destroyed || this.#halted
  }

  async #readList(): Promise<void> {
    this.#timer.restart()
    try {
      for await (const batch of this.#list.batches()) await this.#handOn(batch)
    } catch (error) {
      // A list that was stopped has nothing to tell.
      if (!this.#stopped) throw error
    }
    await this.#list.discard()
    if (this.destroyed) return
    if (!this.#halted) this.#list.end()
    this.#mark()
    if (this.#list.isEnded) this.push(null)
  }

  async #handOn({ items, bytes }: Batch): Promise<void> {
    this.#timer.read(bytes)
    for (const item of items) {
      if (this.#stopped || this.#list.wanted <= 0) return
      this.#list.hand(item)
      this.#timer.hand()
      const { cursor } = item
      let more = this.#push(item.lead, { cursor, delivered: this.#list.delivered, isMark: false })
      if (this.#isMarkDue) more = this.#mark() && more
      if (!more) await this.#room()
    }
  }

  #push(value: unknown, place: Place): boolean {
    this.#places.add(place)
    const more = this.push(value)
    this.#places.trim(this.readableLength)
    return more
  }

  #room(): Promise<void> {
    // Handing a lead on may have destroyed the stream: nobody asks for more then.
    if (this.#stopped) return Promise.resolve()
    return new Promise(resolve => {
      this.#proceed = resolve
    })
  }

  get #isMarkDue(): boolean {
    const { marks } = this.handing
    return marks !== undefined && this.#timer.isDue(marks)
  }

  /** Puts a mark behind what was pushed last, where marks are wanted. */
  #mark(): boolean {
    const { marks } = this.handing
    if (marks === undefined) return true
    this.#timer.restart()
    const last = this.#places.last ?? this.#list.start
    const mark = marks.make(this.#list.stateAt(last))
    return this.#push(mark, { ...last, isMark: true })
  }
}
