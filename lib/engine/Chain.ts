import { LeadpipeError } from '../errors.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'
import { equationsOf, totalsOf } from './chainNumbers.ts'
import type { Definition, OperatorCounts, OperatorTotals, SideOutputs } from './definition.ts'
import { Outlet, type Target } from './Outlet.ts'
import { RecordTransaction } from './RecordTransaction.ts'
import type { ChainState, OperatorState, Receiver, Runner, RunnerHost } from './Runner.ts'
import { StepRunner } from './StepRunner.ts'
import { StreamRunner } from './StreamRunner.ts'

/** Where the records of a chain go. */
export interface ChainTargets {
  main: Target
  /** One entry for each operator: where its side outputs go. */
  side?: readonly (SideOutputs<Target> | undefined)[]
}

/** What a chain reports while nobody waits for it. */
export interface ChainEvents {
  /** An operator wants no more. */
  done(): void
  /** Something failed: an operator, or what stands behind an outlet. */
  failed(error: unknown): void
}

/**
 * Operators one behind the other, and the outlets in front of the sinks. Each emitted value goes straight into the next
 * step: as long as steps are synchronous, so is the chain. What one record gives rise to is through before the next
 * record comes.
 */
export class Chain {
  readonly #runners: readonly Runner[]
  readonly #first: Receiver
  readonly #main: Outlet
  readonly #outlets: readonly Outlet[]
  /** The runners, and the outlets behind them. */
  readonly #parts: readonly (Runner | Outlet)[]
  readonly #events: ChainEvents
  #isBusy = false
  #isDone = false
  #failure: { error: unknown } | undefined
  /** The last record, where it is to be undone when it fails. */
  #transaction: RecordTransaction | undefined
  #records = 0
  #rejected = 0

  /**
   * @param isResumed whether `restore` is called before the first record. Default: false.
   * @throws {LeadpipeError} OPERATOR or OPTION when an operator can't be made; those that were made are stopped.
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
    this.#main = new Outlet(targets.main, host)
    const outlets = [this.#main]
    const side = targets.side?.map(outputs => {
      if (outputs === undefined) return undefined
      const made = Object.entries(outputs).map(([name, target]) => [name, new Outlet(target, host)] as const)
      outlets.push(...made.map(([, outlet]) => outlet))
      return Object.fromEntries(made)
    })
    this.#outlets = outlets
    const runners: Runner[] = []
    this.#runners = runners
    try {
      for (const [index, definition] of definitions.entries()) {
        const ofRunner: RunnerHost = {
          ...host,
          done: () => this.#stopUpTo(index),
          behind: () => this.#behind(index),
        }
        const runner: Runner =
          'create' in definition
            ? new StepRunner(definition, ofRunner, side?.[index])
            : new StreamRunner(definition, ofRunner, isResumed)
        runners.at(-1)?.connect(runner)
        runners.push(runner)
      }
    } catch (error) {
      this.stop()
      throw error
    }
    runners.at(-1)?.connect(this.#main)
    this.#first = runners[0] ?? this.#main
    this.#parts = [...runners, ...outlets]
  }

  /** Whether an operator said that it wants no more. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Whether a sink failed: nothing can be saved then. */
  get isSinkFailed(): boolean {
    return this.#outlets.some(outlet => outlet.isFailed)
  }

  /** What went through each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.#runners.map(runner => runner.counts)
  }

  /** Records that it received. */
  get records(): number {
    return this.#records
  }

  /** Elements that are not records; they go past every operator but the one that takes them. */
  get rejected(): number {
    return this.#rejected
  }

  /** Why it takes nothing more; undefined while it does. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Records that went to the main sink. */
  get passed(): number {
    return this.#main.passed
  }

  /** What the counts of leadpipe's own operators mean for the report. */
  get totals(): OperatorTotals {
    return totalsOf(this.#steps)
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): string | undefined {
    return this.#steps.map(runner => runner.unsavedState).find(why => why !== undefined)
  }

  /** What must hold when everything is through, each number from a counter of its own. */
  equations(): Equation[] {
    const received = { records: this.#records, rejected: this.#rejected }
    return equationsOf(this.#runners, this.#steps, received, this.passed)
  }

  /** Keeps what is needed to undo a record that fails. */
  rememberRecords(): void {
    this.#transaction = new RecordTransaction(this.#runners, this.#outlets, () => this.#failure !== undefined)
  }

  /**
   * Takes one record, or element that is not one. A promise says that the next must wait until it resolves.
   *
   * @throws what failed; the promise rejects with it
   */
  receive(item: unknown): void | Promise<void> {
    this.#transaction?.begin({ records: this.#records, rejected: this.#rejected })
    if (item instanceof Rejected) this.#reject(item)
    else {
      this.#records += 1
      this.#first.receive(item)
    }
    this.#transaction?.end()
    return this.#settled()
  }

  /** Emits what operators held back until the end, first to last. */
  async flush(): Promise<void> {
    for (const runner of this.#runners) {
      runner.flush()
      await this.#settled()
    }
  }

  /** Resolves when nothing is under way between two records; undefined when nothing is. */
  drain(): Promise<void> | undefined {
    const streams = this.#runners.filter(runner => runner instanceof StreamRunner)
    return streams.length === 0 ? undefined : this.#drain(streams)
  }

  /** Resolves when what is under way is through, or has failed. Never rejects. */
  idle(): Promise<void> {
    return this.#idle(0)
  }

  /** Takes nothing more, and emits nothing more. */
  stop(): void {
    for (const runner of this.#runners) runner.stop()
    this.#main.stop()
  }

  /** The outlet in front of a sink: the main one first, then those of side outputs. */
  outlet(index: number): Outlet | undefined {
    return this.#outlets[index]
  }

  /**
   * Forgets the record that failed, as if it had not come. Returns whether that was possible: not where something of it
   * is with a sink, in a stream, or in the state of an operator of the user's.
   */
  undo(): boolean {
    if (this.isSinkFailed || !this.#transaction?.undo()) return false
    this.#records = this.#transaction.received.records
    this.#rejected = this.#transaction.received.rejected
    return true
  }

  save(): ChainState {
    const operators = this.#runners.map(runner => runner.save())
    return { operators, records: this.#records, rejected: this.#rejected, passed: this.passed }
  }

  /**
   * Continues from what was saved, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when it is of other operators; OPERATOR when one does not take its state.
   */
  restore({ operators, records, rejected, passed }: ChainState): void {
    const theirs = operators.map(({ name }) => name).join(', ')
    const ours = this.#runners.map(({ definition }) => definition.name).join(', ')
    if (theirs !== ours) {
      const message = `the checkpoint is of other operators: it has ${theirs || 'none'}, the run has ${ours}`
      throw new LeadpipeError('CHECKPOINT', message, { context: { saved: theirs, expected: ours } })
    }
    this.#records = records
    this.#rejected = rejected
    this.#main.passed = passed
    for (const [index, runner] of this.#runners.entries()) {
      runner.restore(operators[index] as OperatorState)
      if (runner.ended) this.#stopUpTo(index)
    }
  }

  get #steps(): StepRunner[] {
    return this.#runners.filter(runner => runner instanceof StepRunner)
  }

  #reject(rejected: Rejected): void {
    this.#rejected += 1
    const taker = this.#steps.find(({ definition }) => definition.takesRejected)
    if (taker === undefined) this.#fail(new TypeError('no operator takes elements that are not records'))
    else taker.reject(rejected)
  }

  #settled(): void | Promise<void> {
    if (this.#isBusy) return this.#settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #settle(): Promise<void> {
    this.#isBusy = false
    await this.#idle(0)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** A step that ends may make a later one busy, never an earlier one: one pass is enough. */
  async #idle(from: number): Promise<void> {
    for (let index = from; index < this.#parts.length; index += 1) {
      const part = this.#parts[index] as Runner | Outlet
      for (let wait = part.idle(); wait !== undefined; wait = part.idle()) await wait
    }
  }

  #behind(index: number): Promise<void> | undefined {
    const isIdle = this.#parts.every((part, at) => at <= index || part.idle() === undefined)
    return isIdle ? undefined : this.#idle(index + 1)
  }

  async #drain(streams: readonly StreamRunner[]): Promise<void> {
    for (const stream of streams) {
      await stream.drain()
      await this.#settled()
    }
  }

  /** An operator that wants no more needs nothing from those before it. */
  #stopUpTo(index: number): void {
    this.#isDone = true
    for (const runner of this.#runners.slice(0, index + 1)) runner.stop()
    this.#events.done()
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    this.stop()
    this.#events.failed(error)
  }
}
