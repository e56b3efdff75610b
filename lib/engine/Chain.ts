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

/** The destinations of a chain's records. */
export interface ChainTargets {
  main: Target
  /** One entry for each operator: the targets of its side outputs. */
  side?: readonly (SideOutputs<Target> | undefined)[]
}

/** Events of a chain while nobody waits for it. */
export interface ChainEvents {
  /** An operator wants no more. */
  done(): void
  /** Something failed: an operator, or a sink behind an outlet. */
  failed(error: unknown): void
}

/**
 * Operators one after the other, and the outlets in front of the sinks. Each emitted value goes straight into the
 * next step: as long as all steps are synchronous, the chain is synchronous too. Everything that one record produces
 * is processed before the next record.
 */
export class Chain {
  readonly #runners: readonly Runner[]
  readonly #first: Receiver
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
    return this.#runners.map(runner => runner.counts)
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
    return totalsOf(this.#steps)
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): string | undefined {
    return this.#steps.map(runner => runner.unsavedState).find(why => why !== undefined)
  }

  /** The equations that must hold when everything is processed, each number from a counter of its own. */
  equations(): Equation[] {
    const received = { records: this.#records, rejected: this.#rejected }
    return equationsOf(this.#runners, this.#steps, received, this.passed)
  }

  /** Keeps what is needed to undo a record that fails. */
  rememberRecords(): void {
    this.#transaction = new RecordTransaction(this.#runners, this.#outlets, () => this.#failure !== undefined)
  }

  /**
   * Receives one record, or an element that is not a record. A promise means that the next one must wait for it.
   *
   * @throws the failure; the promise rejects with it
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

  /** Emits the records that operators held back until the end, first operator first. */
  async flush(): Promise<void> {
    for (const runner of this.#runners) {
      runner.flush()
      await this.#settled()
    }
  }

  /** Drains the streams of the chain, between two records; undefined when there are none. */
  drain(): Promise<void> | undefined {
    const streams = this.#runners.filter(runner => runner instanceof StreamRunner)
    return streams.length === 0 ? undefined : this.#drain(streams)
  }

  /** Resolves when all work in progress is done, or has failed. Never rejects. */
  idle(): Promise<void> {
    return this.#idle(0)
  }

  /** Accepts nothing more, and emits nothing more. */
  stop(): void {
    for (const runner of this.#runners) runner.stop()
    this.#main.stop()
  }

  /** The outlet in front of a sink: the main one first, then those of side outputs. */
  outlet(index: number): Outlet | undefined {
    return this.#outlets[index]
  }

  /**
   * Forgets the record that failed, as if it had never arrived. Returns whether that was possible: it is not if any
   * part of it has reached a sink, a stream, or the state of a user's operator.
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
   * Continues from a saved state, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state belongs to other operators; OPERATOR when one rejects its
   * state.
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

  /** A step that ends may give work to a later one, never to an earlier one: one pass is enough. */
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

  /** An operator that wants no more needs nothing from the operators before it. */
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
