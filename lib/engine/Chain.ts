import { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'
import { Branch } from './Branch.ts'
import { branchEquations } from './branchEquations.ts'
import type { BranchOf } from './branches.ts'
import type { OperatorCounts } from './definition.ts'
import type { UnsavedState } from './instance.ts'
import { LastRecord, type Outlet, type Target } from './Outlet.ts'
import { RecordTransaction } from './RecordTransaction.ts'
import type { BranchState, ChainEvents, DrainedRunner } from './Runner.ts'

/**
 * Operators one after the other, and an outlet before each sink: one branch, or a tree of them. Each emitted value goes
 * straight into the next step: as long as all steps are synchronous, the chain is synchronous too. Everything that one
 * record produces is processed before the next record.
 */
export class Chain {
  /** The main branch, which has the others below it. */
  readonly main: Branch
  readonly #events: ChainEvents
  #isBusy = false
  #failure: { error: unknown } | undefined
  /** The last record, if it must be possible to undo it. */
  #transaction: RecordTransaction | undefined
  readonly #last = new LastRecord()

  /**
   * @param isResumed whether `restore` is called before the first record. Default: false.
   * @throws {LeadpipeError} OPERATOR or OPTION when an operator can't be created; those that exist are stopped.
   */
  constructor(main: BranchOf<Target>, events: ChainEvents, isResumed = false) {
    this.#events = events
    const host = {
      busy: () => {
        this.#isBusy = true
      },
      fail: (error: unknown) => this.#fail(error),
      done: () => events.done(),
      dropped: () => events.dropped?.(),
    }
    this.main = new Branch(main, host, isResumed, this.#last.lineOf)
  }

  /** Whether the operators want no more. */
  get isDone(): boolean {
    return this.main.isDone
  }

  /** Whether a sink failed: nothing can be saved then. */
  get isSinkFailed(): boolean {
    return this.main.allOutlets.some(outlet => outlet.isFailed)
  }

  /** The counts of each operator of the main branch, in order. */
  get counts(): OperatorCounts[] {
    return this.main.runners.counts
  }

  /** Why the chain accepts nothing more; undefined while it does. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): UnsavedState | undefined {
    return this.main.unsavedState
  }

  /** The equations that must hold when everything is processed, each number from a separate counter. */
  equations(): Equation[] {
    return branchEquations(this.main)
  }

  /** Keeps what is needed to undo a record that fails. */
  rememberRecords(): void {
    this.#transaction = new RecordTransaction(this.main, () => this.#failure !== undefined)
  }

  /**
   * Receives one record, or an element that is not a record. A promise means that the next one must wait for it.
   *
   * @param line the record's JSON text as it arrived, in UTF-8 on one line
   * @throws the failure; the promise rejects with it
   */
  receive(item: unknown, line?: Uint8Array): void | Promise<void> {
    const drained = item instanceof Rejected ? this.drain(drainedBeforeRejected(this.main)) : undefined
    return drained === undefined ? this.#receive(item, line) : drained.then(() => this.#receive(item))
  }

  #receive(item: unknown, line?: Uint8Array): void | Promise<void> {
    this.#transaction?.begin()
    if (!(item instanceof Rejected)) {
      this.#last.set(item, line)
      this.main.receive(item)
    } else if (!this.main.reject(item)) {
      this.#fail(new TypeError('no operator takes elements that are not records'))
    }
    this.#transaction?.end()
    return this.#settled()
  }

  /** Emits the records that operators held back until the end, first operator first. */
  async flush(): Promise<void> {
    for (const runner of this.main.allRunners) {
      runner.flush()
      await this.#settled()
    }
  }

  /** Between two records, makes the operators emit everything that they received; undefined when they have. */
  drain(runners = drainedRunners(this.main)): Promise<void> | undefined {
    return runners.every(runner => runner.isDrained) ? undefined : this.#drain(runners)
  }

  /** Resolves when all work in progress is done, or has failed; undefined when there is none. Never rejects. */
  idle(): Promise<void> | undefined {
    return this.main.idle()
  }

  /** Accepts nothing more, and emits nothing more. */
  stop(): void {
    this.main.stop()
  }

  /** The outlets of the sinks, in the order of `mapOutputs`. */
  get outlets(): readonly Outlet[] {
    return this.main.allOutlets
  }

  /**
   * Forgets the record that failed, as if it had never arrived. Returns whether that was possible: it is not if a part of
   * it has reached a sink or the state of a user's operator, if the chain has a user's stream, or if earlier records
   * were under way.
   */
  undo(): boolean {
    return !this.isSinkFailed && this.#transaction?.undo() === true
  }

  save(): BranchState {
    return this.main.save()
  }

  /**
   * Continues from a saved state, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state belongs to other operators; OPERATOR when one rejects its
   * state.
   */
  restore(state: BranchState): void {
    this.main.restore(state)
  }

  #settled(): void | Promise<void> {
    if (this.#isBusy) return this.#settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #settle(): Promise<void> {
    this.#isBusy = false
    // Not `idle()`: with its promise, a record of an asynchronous step takes a quarter longer.
    for (let work = this.main.work(); work !== undefined; work = this.main.work()) await work
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #drain(runners: readonly DrainedRunner[]): Promise<void> {
    for (const runner of runners) {
      await runner.drain()
      await this.#settled()
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    this.stop()
    this.#events.failed(error)
  }
}

/** The runners that are drained before each save. */
const drainedRunners = ({ runners, live }: Branch): readonly DrainedRunner[] => [
  ...runners.drained,
  ...live.flatMap(drainedRunners),
]

/** Those that must be drained before an element that is not a record goes past them. */
const drainedBeforeRejected = ({ runners, live }: Branch): readonly DrainedRunner[] => [
  ...runners.drainedBeforeRejected,
  ...(runners.rejected === undefined ? live.flatMap(drainedBeforeRejected) : []),
]
