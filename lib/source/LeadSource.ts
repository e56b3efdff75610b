import { Readable } from 'node:stream'
import { digestOf } from '../checkpoint/digestOf.ts'
import type { Answer } from '../client/Answer.ts'
import type { LeadsClient } from '../client/LeadsClient.ts'
import { onAbort } from '../client/onAbort.ts'
import type { Lead } from '../model/Lead.ts'
import type { LeadsQuery } from '../model/LeadsQuery.ts'
import type { Position, SeekPosition } from '../model/Position.ts'
import { Rejected } from '../model/Rejected.ts'
import { countMatching } from './countMatching.ts'
import type { Handing, SourceState } from './Handing.ts'
import type { Item, Lane } from './Lane.ts'
import { Lanes } from './Lanes.ts'
import { rejectedError } from './leadOf.ts'
import type { LeadsSettings } from './options.ts'
import { PageReader } from './PageReader.ts'
import { type Place, Places } from './Places.ts'
import type { Missing } from './pagers/GuidsPager.ts'
import type { Plan } from './pagers/Pager.ts'
import { pagingOf, planOf } from './planOf.ts'
import { ReadAhead } from './ReadAhead.ts'
import { noCounts, type SourceCounts } from './SourceCounts.ts'

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
  readonly #counts: SourceCounts = noCounts()
  readonly #ahead: ReadAhead
  readonly #reader: PageReader
  #plan: Plan
  readonly #lanes: Lanes
  /** Leads that came before this source, by the position that it goes on from. */
  #before: number
  #answered = false
  #ended = false
  /** Whether the source stopped at a mark, because it was asked to. */
  #halted = false
  readonly #places = new Places()
  #sinceMark = { leads: 0, bytes: 0, time: 0 }
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
    this.#ahead = new ReadAhead(settings.readAhead)
    this.#plan = this.#planFrom(settings.from)
    this.#before = settings.from?.leads ?? 0
    this.#reader = new PageReader({
      client,
      settings,
      counts: this.#counts,
      ahead: this.#ahead,
      handing: () => this.handing,
      wanted: lane => this.#lanes.wantedOf(lane),
      answered: headers => this.#answer(headers),
      paged: () => this.#lanes.fill(this.#plan),
    })
    this.#lanes = new Lanes({
      ahead: this.#ahead,
      read: (lane, signal) => this.#reader.read(lane, signal),
      width: settings.readAhead > 0 ? client.concurrency : 1,
      wanted: () => this.#wanted,
    })
  }

  /** What was counted so far. */
  get counts(): SourceCounts {
    return this.#reader.counts
  }

  /** What became of the guids of the query, where it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.#plan.missing
  }

  /**
   * Where the list goes on behind the last lead that was read from this stream, as plain JSON: for the option
   * `from` of another source with the same query.
   */
  get position(): Position {
    // What was pushed and not read yet is still ahead.
    const start = { cursor: this.#plan.start, delivered: this.#before }
    const { cursor, delivered } = this.#places.read(this.readableLength) ?? start
    return this.#position(cursor, delivered)
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
  async countMatching(at: Position, signal?: AbortSignal): Promise<number> {
    const list = this.#planFrom(at).counting()
    return list === undefined ? 0 : await countMatching(this.#client, list, signal)
  }

  /** What of the list is read, where it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    const position = this.#position(this.#plan.start, 0)
    if (position.paging !== 'seek') return undefined
    const { timePivot, startTime, stopTime } = position
    return {
      timePivot,
      ...(startTime === undefined ? {} : { startTime }),
      ...(stopTime === undefined ? {} : { stopTime }),
    }
  }

  /** What must be the same for a checkpoint to fit: plain JSON. */
  get identity(): Readonly<Record<string, unknown>> {
    const { guids, ...query } = this.query
    const { origin } = this.#client
    const paging = pagingOf(this.query, this.#settings)
    if (guids === undefined) return { source: 'leads', origin, paging, query }
    const given = Array.isArray(guids) ? digestOf(JSON.stringify(guids)) : 'an iterable'
    return { source: 'leads', origin, paging, query, guids: given }
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
  continueFrom({ position, counts, missing, ended }: SourceState): void {
    Object.assign(this.#counts, counts)
    this.#before = position.leads - counts.delivered
    this.#ended = ended
    this.#plan = this.#planFrom(position)
    if (this.#plan.missing !== undefined) Object.assign(this.#plan.missing, missing)
  }

  /**
   * Hands on no more, and puts a mark behind the last lead; resolves when it is there. For `run`, when it is to
   * end early. The stream is destroyed after that, it does not end.
   */
  async halt(): Promise<void> {
    this.#halted = true
    this.#proceed?.()
    this.#lanes.close()
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
    this.#loop = this.#readList().finally(() => this.#close())
    this.#loop.catch(error => this.destroy(error))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#unlisten?.()
    this.#proceed?.()
    this.#lanes.close()
    // The connections are let go of, and everything counted, when the loop has ended.
    const end = () => callback(error)
    if (this.#loop === undefined) end()
    else this.#loop.then(end, end)
  }

  /** How many more leads may be handed on. */
  get #wanted(): number {
    return this.#settings.limit - this.#before - this.#counts.delivered
  }

  async #readList(): Promise<void> {
    this.#sinceMark.time = performance.now()
    while (!this.#ended && !this.#stopped && this.#wanted > 0) {
      const lane = this.#lanes.first(this.#plan)
      if (lane === undefined) break
      await this.#handOn(lane)
      if (this.#stopped || this.#wanted <= 0) break
      this.#lanes.shift()
      const outcome = this.#plan.done(lane.stretch)
      if (outcome === 'discard') await this.#discard()
    }
    await this.#discard()
    if (this.destroyed) return
    this.#ended ||= !this.#halted
    this.#mark()
    if (this.#ended) this.push(null)
  }

  get #stopped(): boolean {
    return this.destroyed || this.#halted
  }

  #planFrom(from: Position | undefined): Plan {
    const { concurrency } = this.#client
    const isAhead = concurrency > 1 && this.#settings.readAhead > 0
    const ahead = isAhead ? () => this.#ahead.pages / concurrency : undefined
    return planOf(this.query, this.#settings, from, ahead)
  }

  /** Lets go of what was read ahead. */
  async #discard(): Promise<void> {
    this.#counts.unused += await this.#lanes.discard()
  }

  async #handOn(lane: Lane): Promise<void> {
    try {
      for await (const { items, bytes } of lane.batches()) {
        this.#lanes.begin(items)
        this.#sinceMark.bytes += bytes
        for (const item of items) {
          if (this.#stopped || this.#wanted <= 0) break
          this.#lanes.hand()
          let more = this.#push(item)
          if (this.#isMarkDue) more = this.#mark() && more
          if (!more) await this.#room()
        }
        this.#counts.unused += this.#lanes.end()
        if (this.#stopped || this.#wanted <= 0) return
      }
    } catch (error) {
      // A lane that was cancelled has nothing to tell.
      if (!this.#stopped) throw error
    }
  }

  #push({ lead, cursor }: Item): boolean {
    if (lead instanceof Rejected) {
      if (!this.handing.rejected) throw rejectedError(lead)
      this.#counts.rejected += 1
    } else {
      this.#counts.delivered += 1
    }
    this.#sinceMark.leads += 1
    return this.#pushBehind(lead, { cursor, delivered: this.#before + this.#counts.delivered, isMark: false })
  }

  #pushBehind(value: unknown, place: Place): boolean {
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

  /** Takes note of the server's time, with the first answer: a mark is then a place to go on from. */
  #answer({ date }: Answer['headers']): void {
    if (this.#answered) return
    this.#answered = true
    const time = typeof date === 'string' ? Date.parse(date) : Number.NaN
    this.#plan.answered?.(Number.isNaN(time) ? this.#client.now() : time)
    if (!this.#stopped) this.#mark()
  }

  get #isMarkDue(): boolean {
    const { marks } = this.handing
    if (marks === undefined) return false
    const { leads, bytes, time } = this.#sinceMark
    return leads >= marks.leads || bytes >= marks.bytes || performance.now() - time >= marks.milliseconds
  }

  /** Puts a mark behind what was pushed last, where marks are wanted. */
  #mark(): boolean {
    const { marks } = this.handing
    if (marks === undefined) return true
    this.#sinceMark = { leads: 0, bytes: 0, time: performance.now() }
    const mark = marks.make(this.#state())
    return this.#pushBehind(mark, { ...this.#last, isMark: true })
  }

  #state(): SourceState {
    const { cursor, delivered } = this.#last
    const { counts } = this
    const { decoded, malformed, delivered: handedOn, rejected, dropped } = counts
    return {
      position: this.#position(cursor, delivered),
      // What is read ahead at this moment is of no use to whom goes on from here.
      counts: { ...counts, unused: decoded + malformed - handedOn - rejected - dropped },
      ...(this.missing === undefined ? {} : { missing: this.#missingAt(cursor) }),
      ended: this.#ended,
      ...(this.#wanted <= 0 ? { limited: true } : {}),
    }
  }

  /** What is missing up to a place; at the end of the list, in all. */
  #missingAt(cursor: unknown): Missing {
    const all = this.missing as Missing
    return structuredClone(this.#ended ? all : (this.#plan.missingAt?.(cursor) ?? all))
  }

  /** The place behind what was pushed last. */
  get #last(): { cursor: unknown; delivered: number } {
    return this.#places.last ?? { cursor: this.#plan.start, delivered: this.#before + this.#counts.delivered }
  }

  #position(cursor: unknown, leads: number): Position {
    return { ...this.#plan.position(cursor), leads } as Position
  }

  async #close(): Promise<void> {
    this.#plan.close?.()
    await this.#discard()
  }
}
