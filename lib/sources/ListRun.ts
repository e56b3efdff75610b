import { onAbort } from '../async/onAbort.ts'
import { deferred } from '../async/promises.ts'
import type { ServerTime } from '../http/exchange.ts'
import { type HubSpotClient, reading } from '../hubspot/HubSpotClient.ts'
import type { PageRequest, Plan } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Batch, SourceOpening, SourceRun } from '../stage/SourceStage.ts'
import type { Equation, Json } from '../stage/Stage.ts'
import type { ClientPages } from './clientPages.ts'
import { DeliveredItems, type ListProgress } from './DeliveredItems.ts'
import { OrderedReader } from './OrderedReader.ts'
import { rejectedError } from './objectOf.ts'
import type { Item, PageBatch, PageSource } from './Page.ts'
import { noCounts, type SourceCounts, sourceEquations } from './SourceCounts.ts'

/** A list, and how it is read. */
export interface List<T, Request extends PageRequest, Cursor> {
  /** The name of the source, for the report. */
  readonly name: string
  readonly client: HubSpotClient
  readonly plan: Plan<T, Request, Cursor>
  /** Requests and decodes the pages. */
  pages(hooks: Required<Pick<ClientPages<T, Request>, 'counts' | 'answered'>>): PageSource<T, Request>
  /** A position as plain JSON. */
  positionOf(progress: ListProgress<Cursor>): Json
  /** Called with the server's time of the first answer, in milliseconds since 1970. */
  answered?(time: number): void
  /** Resolves when the list can be read: nothing is saved or written before. Default: with the first answer. */
  readonly ready?: Promise<void>
  /** Checks a record, or an element that is not one, before it is delivered. Throws to end the list before it. */
  check?(value: T | Rejected): void
  /** The maximum number of records, with those before a restart. */
  readonly limit: number
  readonly readAheadBytes: number
  readonly signal?: AbortSignal | undefined
}

/** What a list has delivered, for a restart: plain JSON. */
export interface ListState {
  position: Json
  counts: SourceCounts
  /** Whether the list was read to its end. */
  ended: boolean
  /** Present if the limit ended it: the list may continue. */
  limited?: boolean
}

/** Reads a list once, batch after batch. */
export class ListRun<T, Request extends PageRequest, Cursor> implements SourceRun<T> {
  readonly #list: List<T, Request, Cursor>
  readonly #wants: SourceOpening['wants']
  readonly #fail: (error: unknown) => void
  readonly #counts: SourceCounts
  readonly #reader: OrderedReader<T, Request, Cursor>
  readonly #delivered: DeliveredItems<T, Cursor>
  /** Resolves with the first answer. */
  readonly #answered = deferred()
  /** Set by the first answer. */
  #clock: Omit<ServerTime, 'time'> | undefined
  #isBegun = false
  #isStopped = false
  #isEnded: boolean
  /** Records that the caller has, or will have with the next batch, including those before a restart. */
  #granted: number
  /** The first rejected element that no stage accepts: the list ends before it. */
  #refused: Rejected | undefined
  /** The next batch, while it is being read. */
  #pending: Promise<PageBatch<T, Cursor> | undefined> | undefined
  #unlisten = () => {}

  /** @param saved the state before a restart, and the number of records that were delivered before it */
  constructor(
    list: List<T, Request, Cursor>,
    { wants, fail }: SourceOpening,
    { delivered = 0, counts, ended = false }: Partial<ListState> & { delivered?: number },
  ) {
    const { client, plan, readAheadBytes } = list
    this.#list = list
    this.#wants = wants
    this.#fail = fail
    this.#counts = { ...noCounts(), ...counts }
    const before: Partial<Record<string, number>> = { ...counts }
    const { counts: ofPlan = {} } = plan
    for (const name of Object.keys(ofPlan)) ofPlan[name] = before[name] ?? 0
    this.#isEnded = ended
    this.#granted = delivered
    const start = { cursor: plan.start, delivered }
    this.#delivered = new DeliveredItems(this.#counts, start, list.positionOf)
    this.#reader = new OrderedReader({
      plan,
      source: list.pages({ counts: this.#counts, answered: time => this.#onAnswer(time) }),
      width: client[reading].concurrency,
      readAheadBytes,
      wanted: () => list.limit - this.#granted,
      counts: this.#counts,
    })
  }

  /** Whether the list was read to its end. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** The position after the last delivered item. */
  get progress(): ListProgress<Cursor> {
    return this.#delivered.progress
  }

  get delivered(): number {
    const { delivered, rejected } = this.counts()
    return delivered + rejected
  }

  counts(): SourceCounts & Record<string, number> {
    return { ...this.#counts, ...this.#list.plan.counts }
  }

  facts(): Readonly<Record<string, Json>> {
    return { source: { name: this.#list.name, ...this.counts(), ...this.#clock } }
  }

  equations(): readonly Equation[] {
    return [...sourceEquations(this.counts(), this.#isEnded), ...(this.#list.plan.equations?.() ?? [])]
  }

  /**
   * @throws {LeadpipeError} DECODE at an element that is not a record, if no stage accepts it, once all items before it
   * are delivered
   */
  async next(): Promise<Batch<T> | undefined> {
    this.#delivered.finish()
    this.#begin()
    this.#pending ??= this.#read()
    // Only the next call may await it: until then, a rejection must not count as unhandled.
    this.#pending.catch(() => {})
    if (!this.#isBegun) {
      this.#isBegun = true
      // The first answer sets the time bounds. From then on a restart reads the same list, even if no record has
      // arrived yet.
      await Promise.race([this.#pending, this.#list.ready ?? this.#answered.promise])
      return this.#delivered.emit()
    }
    const batch = await this.#pending
    this.#pending = undefined
    if (batch !== undefined) return this.#delivered.emit(batch)
    this.#delivered.emit()
    this.#list.signal?.throwIfAborted()
    // The run ends early: `close` discards what was read ahead.
    if (this.#isStopped) return undefined
    await this.#reader.discard()
    this.#isEnded = true
    return undefined
  }

  save(batch: Batch<T> | undefined, processed: number): ListState {
    this.#delivered.deliver(batch, processed)
    const { progress } = this
    const { decoded, malformed, delivered, rejected, dropped } = this.#counts
    return {
      position: this.#list.positionOf(progress),
      // A run that resumes here reads those elements again that are now read ahead.
      counts: { ...this.counts(), unused: decoded + malformed - delivered - rejected - dropped },
      ended: this.#isEnded,
      ...(progress.delivered >= this.#list.limit ? { limited: true } : {}),
    }
  }

  async close(batch: Batch<T> | undefined, processed: number): Promise<void> {
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
    const { signal } = this.#list
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

  async #read(): Promise<PageBatch<T, Cursor> | undefined> {
    if (this.#refused !== undefined) throw rejectedError(this.#refused)
    const isOver = this.#isEnded || this.#isStopped || this.#granted >= this.#list.limit
    const batch = isOver ? undefined : await this.#reader.next()
    if (batch === undefined) return undefined
    const items = this.#upToLimit(batch.items)
    this.#counts.unused += batch.items.length - items.length
    return { items, bytes: batch.bytes }
  }

  /** The items up to the limit, or up to the first rejected one if no stage accepts those. */
  #upToLimit(items: readonly Item<T, Cursor>[]): readonly Item<T, Cursor>[] {
    for (const [index, { value }] of items.entries()) {
      if (this.#granted >= this.#list.limit) return items.slice(0, index)
      this.#list.check?.(value)
      if (!(value instanceof Rejected)) this.#granted += 1
      else if (!this.#wants.rejected) {
        this.#refused = value
        return items.slice(0, index)
      }
    }
    return items
  }

  #onAnswer({ time, ...clock }: ServerTime): void {
    if (this.#clock !== undefined) return
    this.#clock = clock
    this.#list.answered?.(time)
    this.#answered.resolve()
  }
}
