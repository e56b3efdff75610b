import { onAbort } from '../async/onAbort.ts'
import { deferred } from '../async/promises.ts'
import type { ServerTime } from '../http/exchange.ts'
import { type HubSpotClient, reading } from '../hubspot/HubSpotClient.ts'
import { leadsPath } from '../lead/apiQuirks.ts'
import type { Lead } from '../lead/Lead.ts'
import { type LeadsQuery, type PageQuery, serializeQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { LeadPlan, Missing } from '../paging/LeadPlan.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Batch, SourceOpening, SourceRun } from '../stage/SourceStage.ts'
import type { Equation } from '../stage/Stage.ts'
import { AccountGuard } from './AccountGuard.ts'
import { clientPages } from './clientPages.ts'
import { DeliveredItems, type ListProgress } from './DeliveredItems.ts'
import { leadOf, leadWithOrigin, rejectedError } from './leadOf.ts'
import { OrderedReader } from './OrderedReader.ts'
import type { LeadsSettings } from './options.ts'
import type { Item, PageBatch } from './Page.ts'
import { planOf, windowOf } from './planOf.ts'
import { noCounts, type SourceCounts, type SourceState, sourceEquations } from './SourceCounts.ts'

/** The parts that a {@link LeadRun} needs. */
export interface LeadRunOptions {
  readonly client: HubSpotClient
  /** Checked. */
  readonly query: Readonly<LeadsQuery>
  readonly settings: LeadsSettings
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
  /** Where the list begins or resumes. */
  readonly #start: ListProgress<unknown>
  readonly #delivered: DeliveredItems<Lead, unknown>
  /** Resolves with the first answer. */
  readonly #answered = deferred()
  /** Set by the first answer. */
  #clock: Omit<ServerTime, 'time'> | undefined
  #isBegun = false
  #isStopped = false
  /** Whether the list was read to its end. */
  #isEnded: boolean
  /** Leads that the caller has, or will have with the next batch, including those before a restart. */
  #granted: number
  /** The first rejected element that no stage accepts: the list ends before it. */
  #refused: Rejected | undefined
  /** The next batch, while it is being read. */
  #pending: Promise<PageBatch<Lead, unknown> | undefined> | undefined
  #unlisten = () => {}

  /** @throws {LeadpipeError} OPTION when the position to resume from is of another kind of paging */
  constructor(options: LeadRunOptions, { state, wants, fail }: SourceOpening) {
    const { client, query, settings } = options
    const { decode, maxLeadBytes, maxDepth, longNumbers, readAheadBytes } = settings
    const saved = state as SourceState | undefined
    const from = saved?.position ?? settings.from
    this.#options = options
    this.#wants = wants
    this.#fail = fail
    this.#counts = { ...noCounts(), ...saved?.counts }
    this.#plan = planOf(query, settings, from, client[reading].concurrency === 1 || readAheadBytes === 0)
    if (this.#plan.missing !== undefined) Object.assign(this.#plan.missing, saved?.missing)
    this.#account = new AccountGuard(saved?.portalId)
    this.#isEnded = saved?.ended ?? false
    this.#granted = from?.leads ?? 0
    this.#start = { cursor: this.#plan.start, delivered: this.#granted }
    this.#delivered = new DeliveredItems(this.#counts, this.#start, progress => this.#positionOf(progress))
    this.#reader = new OrderedReader({
      plan: this.#plan,
      source: clientPages({
        client,
        path: leadsPath,
        query: serializeQuery,
        recordOf: wants.origins ? leadWithOrigin : leadOf,
        ...{ decode, maxLeadBytes, maxDepth, longNumbers },
        ...{ rejected: wants.rejected ? 'emit' : 'fail', lines: wants.lines },
        counts: this.#counts,
        answered: time => this.#onAnswer(time),
      }),
      width: client[reading].concurrency,
      readAheadBytes,
      wanted: () => settings.limit - this.#granted,
      counts: this.#counts,
    })
  }

  /** The guids of the query for which the portal returned no lead, if the query has guids. */
  get missing(): Readonly<Missing> | undefined {
    return this.#plan.missing
  }

  /** The time window of the list (seek paging only). Its stopTime is known once the first answer has arrived. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return windowOf(this.start)
  }

  /** The position where the list begins or resumes. */
  get start(): Position {
    return this.#positionOf(this.#start)
  }

  get time(): Date | undefined {
    const stopTime = this.window?.stopTime
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
      source: { name: 'leads', ...this.counts(), ...this.#clock },
    }
  }

  equations(): readonly Equation[] {
    return sourceEquations(this.counts(), this.#isEnded)
  }

  /**
   * @throws {LeadpipeError} DECODE at an element that is not a lead, if no stage accepts it, once all items before it
   * are delivered; CHECKPOINT at a lead of a different account than those before the restart
   */
  async next(): Promise<Batch<Lead> | undefined> {
    this.#delivered.finish()
    this.#begin()
    this.#pending ??= this.#read()
    // Only the next call may await it: until then, a rejection must not count as unhandled.
    this.#pending.catch(() => {})
    if (!this.#isBegun) {
      this.#isBegun = true
      // The first answer sets the time bounds. From then on a restart reads the same list, even if no lead has arrived
      // yet.
      await Promise.race([this.#pending, this.#answered.promise])
      return this.#delivered.emit()
    }
    const batch = await this.#pending
    this.#pending = undefined
    if (batch !== undefined) return this.#delivered.emit(batch)
    this.#delivered.emit()
    this.#options.settings.signal?.throwIfAborted()
    // The run ends early: `close` discards what was read ahead.
    if (this.#isStopped) return undefined
    await this.#reader.discard()
    this.#isEnded = true
    return undefined
  }

  save(batch: Batch<Lead> | undefined, processed: number): SourceState {
    this.#delivered.deliver(batch, processed)
    const { missing } = this
    const { progress } = this.#delivered
    const { decoded, malformed, delivered, rejected, dropped } = this.#counts
    return {
      position: this.#positionOf(progress),
      // A run that resumes here reads those elements again that are now read ahead.
      counts: { ...this.#counts, unused: decoded + malformed - delivered - rejected - dropped },
      ...(missing === undefined ? {} : { missing: this.#missingAt(progress, missing) }),
      ...(this.#account.id === undefined ? {} : { portalId: this.#account.id }),
      ended: this.#isEnded,
      ...(progress.delivered >= this.#options.settings.limit ? { limited: true } : {}),
    }
  }

  async close(batch: Batch<Lead> | undefined, processed: number): Promise<void> {
    this.#delivered.deliver(batch, processed)
    this.#unlisten()
    this.#stop()
    // When the read has ended, its connections are released and everything is counted.
    const pending = await this.#pending?.catch(() => undefined)
    this.#counts.unused += this.#delivered.drop()
    // The pending batch was never emitted.
    if (this.#pending !== undefined) this.#counts.unused += pending?.items.length ?? 0
    this.#pending = undefined
    await this.#reader.close()
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

  async #read(): Promise<PageBatch<Lead, unknown> | undefined> {
    if (this.#refused !== undefined) throw rejectedError(this.#refused)
    const isOver = this.#isEnded || this.#isStopped || this.#granted >= this.#options.settings.limit
    const batch = isOver ? undefined : await this.#reader.next()
    if (batch === undefined) return undefined
    const items = this.#upToLimit(batch.items)
    this.#counts.unused += batch.items.length - items.length
    return { items, bytes: batch.bytes }
  }

  /** The items up to the limit, or up to the first rejected one if no stage accepts those. */
  #upToLimit(items: readonly Item<Lead, unknown>[]): readonly Item<Lead, unknown>[] {
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

  /** A position as plain JSON. */
  #positionOf({ cursor, delivered }: ListProgress<unknown>): Position {
    return { ...this.#plan.position(cursor), leads: delivered } as Position
  }

  #onAnswer({ time, ...clock }: ServerTime): void {
    if (this.#clock !== undefined) return
    this.#clock = clock
    this.#plan.answered?.(time)
    this.#answered.resolve()
  }

  /** The leads that are missing up to a position; all missing leads if the list has ended. */
  #missingAt({ cursor }: ListProgress<unknown>, all: Readonly<Missing>): Missing {
    return structuredClone(this.#isEnded ? all : (this.#plan.missingAt?.(cursor) ?? all))
  }
}
