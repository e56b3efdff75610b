import { deferred } from '../async/deferred.ts'
import { onAbort } from '../async/onAbort.ts'
import type { Lead } from '../lead/Lead.ts'
import type { SeekPosition } from '../lead/Position.ts'
import type { Missing } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Batch, SourceOpening, SourceRun } from '../stage/SourceStage.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import type { Batch as ListBatch } from './Lane.ts'
import { LeadList, type LeadListOptions, type ListPlace } from './LeadList.ts'
import type { SourceCounts } from './SourceCounts.ts'
import type { SourceState } from './SourceState.ts'

/** Reads a list of leads once, batch after batch. */
export class LeadRun implements SourceRun<Lead> {
  readonly #list: LeadList
  readonly #signal: AbortSignal | undefined
  readonly #fail: (error: unknown) => void
  readonly #answered = deferred()
  #isBegun = false
  /** The batches of the list, once they are read. */
  #batches: AsyncGenerator<ListBatch> | undefined
  /** The next of them, while it is waited for. */
  #pending: Promise<IteratorResult<ListBatch>> | undefined
  /** The batch that was given last, its items, and how many of them count as delivered. */
  #given: Batch<Lead> | undefined
  #items: ListBatch['items'] = []
  #delivered = 0
  /** The place behind the last item that was delivered. */
  #place: ListPlace
  #unlisten = () => {}

  /** @param options of the list */
  constructor(options: Omit<LeadListOptions, 'wants' | 'answered'>, { state, wants, fail }: SourceOpening) {
    this.#signal = options.settings.signal
    this.#fail = fail
    this.#list = new LeadList({ ...options, wants, answered: () => this.#answered.resolve() })
    if (state !== undefined) this.#list.continueFrom(state as SourceState)
    this.#place = this.#list.start
  }

  /** What became of the guids of the query, if it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.#list.missing
  }

  /** What of the list is read, when it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return this.#list.window
  }

  /** The position where it begins, or is resumed. */
  get start() {
    return this.#list.position(this.#list.start)
  }

  get time(): Date | undefined {
    const { stopTime } = this.window ?? {}
    return stopTime === undefined ? undefined : new Date(stopTime)
  }

  get delivered(): number {
    const { delivered, rejected } = this.#list.counts
    return delivered + rejected
  }

  counts(): SourceCounts & Record<string, number> {
    return { ...this.#list.counts }
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
    const { scanned, scannedOnPages, tokenisedOnPages, decoded, malformed } = this.#list.counts
    const { delivered, rejected, dropped, unused } = this.#list.counts
    const [came, went] = [decoded + malformed, delivered + rejected + dropped + unused]
    return [
      equation('elements scanned', 'elements seen by stream-json', scannedOnPages, tokenisedOnPages),
      // A list that is not read to its end may be in the middle of an element.
      ...(this.#list.isEnded ? [equation('elements scanned', 'decoded + malformed', scanned, came)] : []),
      equation('decoded + malformed', 'delivered + rejected + dropped + unused', came, went),
    ]
  }

  async next(): Promise<Batch<Lead> | undefined> {
    this.#deliver(this.#given, this.#items.length)
    this.#begin()
    const pending = this.#pending ?? this.#read()
    if (!this.#isBegun) {
      this.#isBegun = true
      // The bounds of time are known with the first answer: a restart reads the same list, even if nothing came yet.
      await Promise.race([pending, this.#answered.promise])
      return this.#give({ items: [], bytes: 0 })
    }
    const { done, value } = await pending
    this.#pending = undefined
    if (!done) return this.#give(value)
    this.#give({ items: [], bytes: 0 })
    this.#signal?.throwIfAborted()
    await this.#list.discard()
    this.#list.end()
    return undefined
  }

  /** How many leads match now, by the bounds of its start. */
  countMatching(signal?: AbortSignal): Promise<number> {
    return this.#list.countMatching(this.start, signal)
  }

  save(batch: Batch<Lead> | undefined, taken: number): SourceState {
    this.#deliver(batch, taken)
    return this.#list.stateAt(this.#place)
  }

  async close(batch: Batch<Lead> | undefined, taken: number): Promise<void> {
    this.#deliver(batch, taken)
    this.#unlisten()
    this.#list.stop()
    // The connections are released, and everything is counted, when the reading has ended.
    await this.#pending?.catch(() => {})
    await this.#batches?.return(undefined)
    await this.#list.close()
  }

  #begin(): void {
    if (this.#isBegun) return
    const signal = this.#signal
    signal?.throwIfAborted()
    if (signal === undefined) return
    this.#unlisten = onAbort(signal, () => {
      this.#list.stop()
      this.#fail(signal.reason)
    })
  }

  #read(): Promise<IteratorResult<ListBatch>> {
    this.#batches ??= this.#list.batches()
    this.#pending = this.#batches.next()
    // It is waited for by the next call.
    this.#pending.catch(() => {})
    return this.#pending
  }

  #give({ items, bytes }: ListBatch): Batch<Lead> {
    const list = this.#list
    const start = this.#place
    this.#items = items
    this.#delivered = 0
    this.#given = {
      items: items.map(({ lead }) => lead),
      bytes,
      positionAfter(taken) {
        const leads = items.slice(0, taken).filter(({ lead }) => !(lead instanceof Rejected)).length
        const { cursor } = items[taken - 1] ?? start
        return list.position({ cursor, delivered: start.delivered + leads })
      },
    }
    return this.#given
  }

  /** Of a batch that another one followed, every item counts already. */
  #deliver(batch: Batch<Lead> | undefined, taken: number): void {
    if (batch !== this.#given) return
    for (; this.#delivered < taken; this.#delivered += 1) {
      const item = this.#items[this.#delivered]
      if (item === undefined) return
      this.#list.deliver(item)
      this.#place = { cursor: item.cursor, delivered: this.#list.delivered }
    }
  }
}
