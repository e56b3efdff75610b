import type { Answer, LeadsClient } from '../hubspot/LeadsClient.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { Missing, Plan } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { SourceOpening } from '../stage/SourceStage.ts'
import { countMatching } from './countMatching.ts'
import type { Batch, Item, Lane } from './Lane.ts'
import { Lanes } from './Lanes.ts'
import { rejectedError } from './leadOf.ts'
import { OnePortal } from './OnePortal.ts'
import type { LeadsSettings } from './options.ts'
import { PageReader } from './PageReader.ts'
import { planOf } from './planOf.ts'
import { ReadAhead } from './ReadAhead.ts'
import { noCounts, type SourceCounts } from './SourceCounts.ts'
import type { SourceState } from './SourceState.ts'

/** What a list is read with. */
export interface LeadListOptions {
  client: LeadsClient
  /** Checked. */
  query: Readonly<LeadsQuery>
  settings: LeadsSettings
  wants: SourceOpening['wants']
  /** Called with the first answer: from then on the list has a place to go on from. */
  answered(): void
}

/** A place in the list. */
export interface ListPlace {
  readonly cursor: unknown
  /** Leads that came up to there, those before a restart included. */
  readonly delivered: number
}

/** The list of leads that a query matches: what it is read by, batch after batch, and how far. */
export class LeadList {
  readonly #options: LeadListOptions
  readonly #counts: SourceCounts = noCounts()
  readonly #ahead: ReadAhead
  readonly #reader: PageReader
  readonly #lanes: Lanes
  readonly #portal = new OnePortal()
  #plan: Plan
  /** Where it begins, or goes on. */
  #start: ListPlace
  /** Leads that came before, by the position that it goes on from, and are not in the counts. */
  #before: number
  #isAnswered = false
  #isStopped = false
  #isEnded = false

  constructor(options: LeadListOptions) {
    const { client, settings, wants } = options
    this.#options = options
    this.#ahead = new ReadAhead(settings.readAhead)
    this.#plan = this.#planFrom(settings.from)
    this.#before = settings.from?.leads ?? 0
    this.#start = { cursor: this.#plan.start, delivered: this.#before }
    this.#reader = new PageReader({
      client,
      settings,
      counts: this.#counts,
      ahead: this.#ahead,
      wants,
      wanted: lane => this.#lanes.wantedOf(lane),
      answered: headers => this.#answer(headers),
      paged: () => this.#lanes.fill(this.#plan),
    })
    this.#lanes = new Lanes({
      ahead: this.#ahead,
      read: (lane, signal) => this.#reader.read(lane, signal),
      width: settings.readAhead > 0 ? client.concurrency : 1,
      wanted: () => this.wanted,
    })
  }

  /** What was counted so far. */
  get counts(): SourceCounts {
    return this.#reader.counts
  }

  /** Where it begins, or goes on. */
  get start(): ListPlace {
    return this.#start
  }

  /** Leads that were handed on, those before a restart included. */
  get delivered(): number {
    return this.#before + this.#counts.delivered
  }

  /** How many more leads may be handed on. */
  get wanted(): number {
    return this.#options.settings.limit - this.delivered
  }

  /** Whether nothing follows. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** What became of the guids of the query, where it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.#plan.missing
  }

  /** What of it is read, where it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    const position = this.position(this.#start)
    if (position.paging !== 'seek') return undefined
    const { timePivot, startTime, stopTime } = position
    return {
      timePivot,
      ...(startTime === undefined ? {} : { startTime }),
      ...(stopTime === undefined ? {} : { stopTime }),
    }
  }

  /** A place as plain JSON. */
  position({ cursor, delivered }: ListPlace): Position {
    return { ...this.#plan.position(cursor), leads: delivered } as Position
  }

  /** What is needed to go on from a place. */
  stateAt(place: ListPlace): SourceState {
    const { counts, missing } = this
    const { decoded, malformed, delivered, rejected, dropped } = counts
    return {
      position: this.position(place),
      // What is read ahead at this moment is of no use to whom goes on from here.
      counts: { ...counts, unused: decoded + malformed - delivered - rejected - dropped },
      ...(missing === undefined ? {} : { missing: this.#missingAt(place, missing) }),
      ...(this.#portal.id === undefined ? {} : { portalId: this.#portal.id }),
      ended: this.#isEnded,
      ...(this.wanted <= 0 ? { limited: true } : {}),
    }
  }

  /**
   * Goes on from a mark. Before the first batch is read.
   *
   * @throws {LeadpipeError} OPTION when the mark is one of another kind of paging.
   */
  continueFrom({ position, counts, missing, portalId, ended }: SourceState): void {
    this.#portal.goOn(portalId)
    Object.assign(this.#counts, counts)
    this.#before = position.leads - counts.delivered
    this.#isEnded = ended
    this.#plan = this.#planFrom(position)
    this.#start = { cursor: this.#plan.start, delivered: position.leads }
    if (this.#plan.missing !== undefined) Object.assign(this.#plan.missing, missing)
  }

  /** How many leads match on the server now, by the bounds of a position. */
  async countMatching(at: Position, signal?: AbortSignal): Promise<number> {
    const query = this.#planFrom(at).counting()
    return query === undefined ? 0 : await countMatching(this.#options.client, query, signal)
  }

  /**
   * What it brings, in its order, no more than is wanted. Each item that is delivered is to be counted by `deliver`.
   *
   * @throws {LeadpipeError} DECODE at an element that is not a lead, when nobody takes it, behind the items before it;
   * CHECKPOINT at a lead of another portal than those before the restart
   */
  async *batches(): AsyncGenerator<Batch> {
    while (this.#goesOn) {
      const lane = this.#lanes.first(this.#plan)
      if (lane === undefined) return
      for await (const { items, bytes } of lane.batches()) {
        const joined = this.#join(lane, items)
        this.#lanes.begin(joined)
        const { items: wanted, refused } = this.#cut(joined)
        try {
          yield { items: wanted, bytes }
        } finally {
          this.#counts.unused += this.#lanes.end()
        }
        if (refused !== undefined) throw rejectedError(refused)
        if (!this.#goesOn) return
      }
      if (!this.#goesOn) return
      this.#lanes.shift()
      if (this.#plan.done(lane.stretch) === 'discard') await this.discard()
    }
  }

  /** Counts an item of the batch at hand as delivered. */
  deliver({ lead }: Item): void {
    this.#lanes.hand()
    this.#counts[lead instanceof Rejected ? 'rejected' : 'delivered'] += 1
  }

  /** Takes note that nothing follows. */
  end(): void {
    this.#isEnded = true
  }

  /** Ends the reading at once; no request is sent any more. */
  stop(): void {
    this.#isStopped = true
    this.#lanes.close()
  }

  /** Lets go of what was read ahead; resolves when its connections are, too. */
  async discard(): Promise<void> {
    this.#counts.unused += await this.#lanes.discard()
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#plan.close?.()
    await this.discard()
  }

  /** The items up to the last one that is wanted, or up to the first that nobody takes. */
  #cut(items: readonly Item[]): { items: readonly Item[]; refused?: Rejected } {
    let { wanted } = this
    for (const [index, { lead }] of items.entries()) {
      if (wanted <= 0) return { items: items.slice(0, index) }
      this.#portal.check(lead)
      if (!(lead instanceof Rejected)) wanted -= 1
      else if (!this.#options.wants.rejected) return { items: items.slice(0, index), refused: lead }
    }
    return { items }
  }

  /** What of a batch is to be handed on. */
  #join({ stretch }: Lane, items: readonly Item[]): readonly Item[] {
    const plan = this.#plan
    if (plan.join === undefined) return items
    const joined: Item[] = []
    for (const item of items) {
      const cursor = plan.join(stretch, item.cursor)
      if (cursor !== undefined) joined.push(cursor === item.cursor ? item : { ...item, cursor })
    }
    this.#counts.dropped += items.length - joined.length
    return joined
  }

  get #goesOn(): boolean {
    return !this.#isEnded && !this.#isStopped && this.wanted > 0
  }

  #planFrom(from: Position | undefined): Plan {
    const { client, query, settings } = this.#options
    const { concurrency } = client
    const isAhead = concurrency > 1 && settings.readAhead > 0
    const ahead = isAhead ? () => this.#ahead.pages / this.#lanes.widthFor(this.#plan) : undefined
    return planOf(query, settings, from, ahead)
  }

  /** Takes note of the server's time. */
  #answer({ date }: Answer['headers']): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    const time = typeof date === 'string' ? Date.parse(date) : Number.NaN
    this.#plan.answered?.(Number.isNaN(time) ? this.#options.client.now() : time)
    this.#options.answered()
  }

  /** What is missing up to a place; at the end of the list, in all. */
  #missingAt({ cursor }: ListPlace, all: Readonly<Missing>): Missing {
    return structuredClone(this.#isEnded ? all : (this.#plan.missingAt?.(cursor) ?? all))
  }
}
