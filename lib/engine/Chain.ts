import { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'
import type { Definition, OperatorCounts, OperatorTotals } from './definition.ts'
import type { UnsavedState } from './instance.ts'
import { type ChainTargets, LastRecord, type Outlet, outletsOf } from './Outlet.ts'
import { RecordTransaction } from './RecordTransaction.ts'
import type { ChainEvents, ChainState, DrainedRunner, Runner } from './Runner.ts'
import { Runners } from './Runners.ts'

/**
 * Operators one after the other, and an outlet before each sink. Each emitted value goes straight into the
 * next step: as long as all steps are synchronous, the chain is synchronous too. Everything that one record produces
 * is processed before the next record.
 */
export class Chain {
  readonly #runners: Runners
  readonly #main: Outlet
  readonly #outlets: readonly Outlet[]
  /** The runners, and the outlets after them. */
  readonly #parts: readonly (Runner | Outlet)[]
  readonly #events: ChainEvents
  #isBusy = false
  #isDone = false
  #failure: { error: unknown } | undefined
  /** The last record, if it must be possible to undo it. */
  #transaction: RecordTransaction | undefined
  readonly #last = new LastRecord()
  #records = 0
  #rejected = 0

  /**
   * @param isResumed whether `restore` is called before the first record. Default: false.
   * @throws {LeadpipeError} OPERATOR or OPTION when an operator can't be created; those that exist are stopped.
   */
  constructor(
    definitions: readonly Definition[],
    targets: ChainTargets,
    events: ChainEvents,
    isResumed = false,
  ) {
    this.#events = events
    const host = {
      busy: () => {
        this.#isBusy = true
      },
      fail: (error: unknown) => this.#fail(error),
    }
    /** How many operators receive the very records that the chain receives. */
    const unchanged = definitions.findIndex(part => !('create' in part && part.preserves))
    const outlets = outletsOf(targets, host, unchanged === -1 ? this.#last.lineOf : undefined)
    this.#main = outlets.main
    this.#outlets = outlets.all
    this.#runners = new Runners(definitions, {
      outlets,
      isResumed,
      hostOf: index => ({
        ...host,
        lineOf: unchanged === -1 || index <= unchanged ? this.#last.lineOf : undefined,
        done: () => this.#stopUpTo(index),
        workAfter: () => this.#workAfter(index),
      }),
    })
    this.#parts = [...this.#runners.all, ...outlets.all]
  }

  /** Whether an operator has said that it wants no more. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Whether a sink failed: nothing can be saved then. */
  get isSinkFailed(): boolean {
    return this.#outlets.some(outlet => outlet.isFailed)
  }

  /** The counts of each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.#runners.counts
  }

  /** Records that the chain received. */
  get records(): number {
    return this.#records
  }

  /** Elements that are not records; they pass every operator except the one that accepts them. */
  get rejected(): number {
    return this.#rejected
  }

  /** Why the chain accepts nothing more; undefined while it does. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Records that went to the main sink. */
  get passed(): number {
    return this.#main.passed
  }

  /** The counts of leadpipe's own operators, as totals for the report. */
  get totals(): OperatorTotals {
    return this.#runners.totals
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): UnsavedState | undefined {
    return this.#runners.unsavedState
  }

  /** The equations that must hold when everything is processed, each number from a separate counter. */
  equations(): Equation[] {
    return this.#runners.equations({ records: this.#records, rejected: this.#rejected }, this.passed)
  }

  /** Keeps what is needed to undo a record that fails. */
  rememberRecords(): void {
    const isFailed = () => this.#failure !== undefined
    this.#transaction = new RecordTransaction(this.#runners.all, this.#outlets, isFailed)
  }

  /**
   * Receives one record, or an element that is not a record. A promise means that the next one must wait for it.
   *
   * @param line the record's JSON text as it arrived, in UTF-8 on one line
   * @throws the failure; the promise rejects with it
   */
  receive(item: unknown, line?: Uint8Array): void | Promise<void> {
    const drained = item instanceof Rejected ? this.drain(this.#runners.drainedBeforeRejected) : undefined
    return drained === undefined ? this.#receive(item, line) : drained.then(() => this.#receive(item))
  }

  #receive(item: unknown, line?: Uint8Array): void | Promise<void> {
    this.#transaction?.begin({ records: this.#records, rejected: this.#rejected })
    if (item instanceof Rejected) {
      this.#rejected += 1
      const isAccepted = this.#runners.reject(item, this.#isDone)
      if (!isAccepted) this.#fail(new TypeError('no operator takes elements that are not records'))
    } else {
      this.#records += 1
      this.#last.set(item, line)
      this.#runners.first.receive(item)
    }
    this.#transaction?.end()
    return this.#settled()
  }

  /** Emits the records that operators held back until the end, first operator first. */
  async flush(): Promise<void> {
    for (const runner of this.#runners.all) {
      runner.flush()
      await this.#settled()
    }
  }

  /** Between two records, makes the operators emit everything that they received; undefined when they have. */
  drain(runners = this.#runners.drained): Promise<void> | undefined {
    return runners.every(runner => runner.isDrained) ? undefined : this.#drain(runners)
  }

  /**
   * Resolves when the work in progress in all parts, or from one on, is done or has failed. Never rejects. A step that
   * ends may cause work in a later one, never in an earlier one, so one pass is enough.
   */
  async idle(from = 0): Promise<void> {
    for (let index = from; index < this.#parts.length; index += 1) {
      const part = this.#parts[index] as Runner | Outlet
      for (let wait = part.idle(); wait !== undefined; wait = part.idle()) await wait
    }
  }

  /** Accepts nothing more, and emits nothing more. */
  stop(): void {
    this.#runners.stop()
    this.#main.stop()
  }

  /** The outlet of a sink: the main one first, then those of side outputs. */
  outlet(index: number): Outlet | undefined {
    return this.#outlets[index]
  }

  /**
   * Forgets the record that failed, as if it had never arrived. Returns whether that was possible: it is not if a part of
   * it has reached a sink or the state of a user's operator, if the chain has a user's stream, or if earlier records
   * were under way.
   */
  undo(): boolean {
    if (this.isSinkFailed || !this.#transaction?.undo()) return false
    this.#records = this.#transaction.received.records
    this.#rejected = this.#transaction.received.rejected
    return true
  }

  save(): ChainState {
    const operators = this.#runners.save()
    return { operators, records: this.#records, rejected: this.#rejected, passed: this.passed }
  }

  /**
   * Continues from a saved state, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state belongs to other operators; OPERATOR when one rejects it.
   */
  restore({ operators, records, rejected, passed }: ChainState): void {
    this.#runners.restore(operators)
    this.#records = records
    this.#rejected = rejected
    this.#main.passed = passed
    const ended = this.#runners.all.findLastIndex(runner => runner.ended)
    if (ended !== -1) this.#stopUpTo(ended)
  }

  #settled(): void | Promise<void> {
    if (this.#isBusy) return this.#settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #settle(): Promise<void> {
    this.#isBusy = false
    await this.idle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #workAfter(index: number): Promise<void> | undefined {
    const isIdle = this.#parts.every((part, at) => at <= index || part.idle() === undefined)
    return isIdle ? undefined : this.idle(index + 1)
  }

  async #drain(runners: readonly DrainedRunner[]): Promise<void> {
    for (const runner of runners) {
      await runner.drain()
      await this.#settled()
    }
  }

  /** An operator that wants no more needs nothing from the operators before it. */
  #stopUpTo(index: number): void {
    this.#isDone = true
    this.#runners.stop(index + 1)
    this.#events.done()
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    this.stop()
    this.#events.failed(error)
  }
}
