import { onAbort } from '../async/onAbort.ts'
import { deferred } from '../async/promises.ts'
import type { Answer, LeadsClient } from '../hubspot/LeadsClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery, PageQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { LeadPlan, Missing } from '../paging/LeadPlan.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Batch, SourceOpening, SourceRun } from '../stage/SourceStage.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import { AccountGuard } from './AccountGuard.ts'
import { countMatching } from './countMatching.ts'
import { rejectedError } from './leadOf.ts'
import { leadPages } from './leadPages.ts'
import { OrderedReader } from './OrderedReader.ts'
import type { LeadsSettings } from './options.ts'
import { planOf } from './planOf.ts'
import type { Item, PageBatch } from './readStretch.ts'
import { noCounts, type SourceCounts } from './SourceCounts.ts'
import type { SourceState } from './SourceState.ts'

/** What a list of leads is read with. */
export interface LeadRunOptions {
  readonly client: LeadsClient
  /** Checked. */
  readonly query: Readonly<LeadsQuery>
  readonly settings: LeadsSettings
}

/** A place in the list. */
interface ListPlace {
  readonly cursor: unknown
  /** Leads that came up to there, those before a restart included. */
  readonly delivered: number
}

/** Reads a list of leads once, batch after batch. */
export class LeadRun implements SourceRun<Lead> {
  readonly #options: LeadRunOptions
  readonly #wants: SourceOpening['wants']
  readonly #fail: (error: unknown) => void
  readonly #counts: SourceCounts
  readonly #plan: LeadPlan
  readonly #reader: OrderedReader<Lead, PageQuery, unknown>
  readonly #account: AccountGuard
  /** Where it begins, or is resumed. */
  readonly #start: ListPlace
  /** Leads of before that are not in the counts: those in front of the position that the user gave. */
  readonly #before: number
  /** Settles with the first answer. */
  readonly #answered = deferred()
  #isAnswered = false
  #isBegun = false
  #isStopped = false
  /** Whether nothing follows. */
  #isEnded: boolean
  /** Leads that the caller has, or gets with the next batch, those before a restart included. */
  #granted: number
  /** The first element that nobody takes: the list ends in front of it. */
  #refused: Rejected | undefined
  /** The next batch, while it is waited for. */
  #pending: Promise<PageBatch<Lead, unknown> | undefined> | undefined
  /** The batch that was given last, its items, and how many of them count as delivered. */
  #given: Batch<Lead> | undefined
  #items: readonly Item<Lead, unknown>[] = []
  #delivered = 0
  /** The place behind the last item that was delivered. */
  #place: ListPlace
  #unlisten = () => {}

  /** @throws {LeadpipeError} OPTION when it is resumed at a position of another kind of paging */
  constructor(options: LeadRunOptions, { state, wants, fail }: SourceOpening) {
    const { client, query, settings } = options
    const saved = state as SourceState | undefined
    const from = saved?.position ?? settings.from
    const isSequential = client.concurrency === 1 || settings.readAhead === 0
    this.#options = options
    this.#wants = wants
    this.#fail = fail
    this.#counts = { ...noCounts(), ...saved?.counts }
    this.#plan = planOf(query, settings, from, isSequential)
    if (this.#plan.missing !== undefined) Object.assign(this.#plan.missing, saved?.missing)
    this.#account = new AccountGuard(saved?.portalId)
    this.#isEnded = saved?.ended ?? false
    this.#granted = from?.leads ?? 0
    this.#before = this.#granted - this.#counts.delivered
    this.#start = { cursor: this.#plan.start, delivered: this.#granted }
    this.#place = this.#start
    this.#reader = new OrderedReader({
      plan: this.#plan,
      source: leadPages({
        client,
        settings,
        wants,
        counts: this.#counts,
        answered: headers => this.#answer(headers),
      }),
      width: client.concurrency,
      readAheadBytes: settings.readAhead,
      wanted: () => settings.limit - this.#granted,
      counts: this.#counts,
    })
  }

  /** What became of the guids of the query, if it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.#plan.missing
  }

  /** What of the list is read, when it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    const { start } = this
    if (start.paging !== 'seek') return undefined
    const { timePivot, startTime, stopTime } = start
    return {
      timePivot,
      ...(startTime === undefined ? {} : { startTime }),
      ...(stopTime === undefined ? {} : { stopTime }),
    }
  }

  /** The position where it begins, or is resumed. */
  get start(): Position {
    return this.#positionOf(this.#start)
  }

  get time(): Date | undefined {
    const { stopTime } = this.window ?? {}
    return stopTime === undefined ? undefined : new Date(stopTime)
  }

  get delivered(): number {
    const { delivered, rejected } = this.counts()
    return delivered + rejected
  }

  counts(): SourceCounts & Record<string, number> {
    return { ...this.#counts }
  }

  facts() {
    const { missing, window } = this
    return {
      ...(missing === undefined ? {} : { missing: { ...missing, guids: [...missing.guids] } }),
      ...(window === undefined ? {} : { window }),
      source: this.counts(),
    }
  }

  equations(): readonly Equation[] {
    const { scanned, scannedOnPages, tokenisedOnPages, decoded, malformed, ...rest } = this.counts()
    const { delivered, rejected, dropped, unused } = rest
    const [came, went] = [decoded + malformed, delivered + rejected + dropped + unused]
    return [
      equation('elements scanned', 'elements seen by stream-json', scannedOnPages, tokenisedOnPages),
      // A list that is not read to its end may be in the middle of an element.
      ...(this.#isEnded ? [equation('elements scanned', 'decoded + malformed', scanned, came)] : []),
      equation('decoded + malformed', 'delivered + rejected + dropped + unused', came, went),
    ]
  }

  /**
   * @throws {LeadpipeError} DECODE at an element that is not a lead, when nobody takes it, behind the items before it;
   * CHECKPOINT at a lead of another account than those before the restart
   */
  async next(): Promise<Batch<Lead> | undefined> {
    this.#deliver(this.#given, this.#items.length)
    this.#begin()
    this.#pending ??= this.#read()
    if (!this.#isBegun) {
      this.#isBegun = true
      // The bounds of time are known with the first answer: a restart reads the same list, even if nothing came yet.
      await Promise.race([this.#pending, this.#answered.promise])
      return this.#give({ items: [], bytes: 0 })
    }
    const batch = await this.#pending
    this.#pending = undefined
    if (batch !== undefined) return this.#give(batch)
    this.#give({ items: [], bytes: 0 })
    this.#options.settings.signal?.throwIfAborted()
    await this.#reader.discard()
    this.#isEnded = true
    return undefined
  }

  save(batch: Batch<Lead> | undefined, taken: number): SourceState {
    this.#deliver(batch, taken)
    const { missing } = this
    const { decoded, malformed, delivered, rejected, dropped } = this.#counts
    return {
      position: this.#positionOf(this.#place),
      // What is read ahead at this moment is of no use to a run that resumes here.
      counts: { ...this.#counts, unused: decoded + malformed - delivered - rejected - dropped },
      ...(missing === undefined ? {} : { missing: this.#missingAt(this.#place, missing) }),
      ...(this.#account.id === undefined ? {} : { portalId: this.#account.id }),
      ended: this.#isEnded,
      ...(this.#place.delivered >= this.#options.settings.limit ? { limited: true } : {}),
    }
  }

  async close(batch: Batch<Lead> | undefined, taken: number): Promise<void> {
    this.#deliver(batch, taken)
    this.#unlisten()
    this.#stop()
    // The connections are released, and everything is counted, when the reading has ended.
    const pending = await this.#pending?.catch(() => undefined)
    this.#counts.unused += this.#items.length - this.#delivered
    // Nobody was given it.
    if (this.#pending !== undefined) this.#counts.unused += pending?.items.length ?? 0
    this.#pending = undefined
    this.#items = []
    this.#delivered = 0
    await this.#reader.close()
  }

  /** How many leads match now, by the bounds of its start. */
  async countMatching(signal?: AbortSignal): Promise<number> {
    const query = this.#plan.counting()
    return query === undefined ? 0 : await countMatching(this.#options.client, query, signal)
  }

  #begin(): void {
    const { signal } = this.#options.settings
    if (this.#isBegun || signal === undefined) return
    signal.throwIfAborted()
    this.#unlisten = onAbort(signal, () => {
      this.#stop()
      this.#fail(signal.reason)
    })
  }

  #stop(): void {
    this.#isStopped = true
    this.#reader.stop()
  }

  #read(): Promise<PageBatch<Lead, unknown> | undefined> {
    const reading = this.#readNext()
    // It is waited for by the next call.
    reading.catch(() => {})
    return reading
  }

  async #readNext(): Promise<PageBatch<Lead, unknown> | undefined> {
    if (this.#refused !== undefined) throw rejectedError(this.#refused)
    const isOver = this.#isEnded || this.#isStopped || this.#granted >= this.#options.settings.limit
    const batch = isOver ? undefined : await this.#reader.next()
    if (batch === undefined) return undefined
    const items = this.#wanted(batch.items)
    this.#counts.unused += batch.items.length - items.length
    return { items, bytes: batch.bytes }
  }

  /** The items up to the last one that is wanted, or up to the first that nobody takes. */
  #wanted(items: readonly Item<Lead, unknown>[]): readonly Item<Lead, unknown>[] {
    for (const [index, { value }] of items.entries()) {
      if (this.#granted >= this.#options.settings.limit) return items.slice(0, index)
      this.#account.check(value)
      if (!(value instanceof Rejected)) this.#granted += 1
      else if (!this.#wants.rejected) {
        this.#refused = value
        return items.slice(0, index)
      }
    }
    return items
  }

  #give({ items, bytes }: PageBatch<Lead, unknown>): Batch<Lead> {
    const start = this.#place
    this.#items = items
    this.#delivered = 0
    this.#given = {
      items: items.map(({ value }) => value),
      bytes,
      positionAfter: taken => {
        const leads = items.slice(0, taken).filter(({ value }) => !(value instanceof Rejected)).length
        const { cursor } = items[taken - 1] ?? start
        return this.#positionOf({ cursor, delivered: start.delivered + leads })
      },
    }
    return this.#given
  }

  /** Of a batch that another one followed, every item counts already. */
  #deliver(batch: Batch<Lead> | undefined, taken: number): void {
    if (batch !== this.#given) return
    for (; this.#delivered < Math.min(taken, this.#items.length); this.#delivered += 1) {
      const { value, cursor } = this.#items[this.#delivered] as Item<Lead, unknown>
      this.#counts[value instanceof Rejected ? 'rejected' : 'delivered'] += 1
      this.#place = { cursor, delivered: this.#before + this.#counts.delivered }
    }
  }

  /** A place as plain JSON. */
  #positionOf({ cursor, delivered }: ListPlace): Position {
    return { ...this.#plan.position(cursor), leads: delivered } as Position
  }

  /** Learns the server's time. */
  #answer({ date }: Answer['headers']): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    const time = typeof date === 'string' ? Date.parse(date) : Number.NaN
    this.#plan.answered?.(Number.isNaN(time) ? this.#options.client.now() : time)
    this.#answered.resolve()
  }

  /** What is missing up to a place; at the end of the list, in all. */
  #missingAt({ cursor }: ListPlace, all: Readonly<Missing>): Missing {
    return structuredClone(this.#isEnded ? all : (this.#plan.missingAt?.(cursor) ?? all))
  }
}
