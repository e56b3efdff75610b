import { LeadpipeError } from '../errors.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import { ConcurrentRunner } from './ConcurrentRunner.ts'
import type { Definition, OperatorCounts, OperatorTotals, SideOutputs } from './definition.ts'
import type { UnsavedState } from './instance.ts'
import type { Outlet } from './Outlet.ts'
import type { DrainedRunner, OperatorState, Runner, RunnerHost, ValueReceiver } from './Runner.ts'
import { StepRunner } from './StepRunner.ts'
import { StreamRunner } from './StreamRunner.ts'

/** What the runners of a branch are connected to, and how they begin. */
export interface RunnersOptions {
  /** Receives what the last runner emits. */
  readonly next: ValueReceiver
  /** One entry for each operator: the outlets of its side outputs. */
  readonly side: readonly (SideOutputs<Outlet> | undefined)[]
  /** Whether `restore` is called before the first record. */
  readonly isResumed: boolean
  /** The view of the chain that the runner at an index has. */
  hostOf(index: number): RunnerHost
}

/** A receiver of a branch's records. */
export interface Receiver {
  /** For the ledger. */
  readonly name: string
  readonly records: number
}

/** The runners of a branch, each of which emits to the next one. */
export class Runners {
  /** In the order of the operators. */
  readonly all: readonly Runner[]
  /** Receives the records: the first runner, or what is after the branch if it has none. */
  readonly first: ValueReceiver
  /** Those that are drained before each save. */
  readonly drained: readonly DrainedRunner[]
  readonly #steps: readonly StepRunner[]
  /** Accepts elements that are not records; undefined if there is none. */
  readonly #acceptor: StepRunner | undefined

  /** @throws {LeadpipeError} OPERATOR or OPTION when an operator can't be created; those that exist are stopped. */
  constructor(definitions: readonly Definition[], { side, next, isResumed, hostOf }: RunnersOptions) {
    const all: Runner[] = []
    this.all = all
    try {
      for (const [index, definition] of definitions.entries()) {
        const host = hostOf(index)
        const runner =
          'create' in definition
            ? new StepRunner(definition, host, side[index])
            : 'call' in definition
              ? new ConcurrentRunner(definition, host)
              : new StreamRunner(definition, host, isResumed)
        all.at(-1)?.connect(runner)
        all.push(runner)
      }
    } catch (error) {
      this.stop()
      throw error
    }
    all.at(-1)?.connect(next)
    this.first = all[0] ?? next
    this.drained = all.filter(runner => runner instanceof StreamRunner || runner instanceof ConcurrentRunner)
    this.#steps = all.filter(runner => runner instanceof StepRunner)
    this.#acceptor = this.#steps.find(({ definition }) => definition.acceptsRejected)
  }

  /** The counts of each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.all.map(runner => runner.counts)
  }

  /** The counts of leadpipe's own operators, as totals for the report. */
  get totals(): OperatorTotals {
    const totals: OperatorTotals = {}
    for (const { definition, counts } of this.#steps) {
      const own = definition.totals?.(counts) ?? {}
      for (const name of ['skipped', 'quarantined', 'unmatched'] as const)
        totals[name] = (totals[name] ?? 0) + (own[name] ?? 0)
      if (own.records !== undefined) totals.records = own.records
    }
    return totals
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): UnsavedState | undefined {
    return this.#steps.map(runner => runner.unsavedState).find(why => why !== undefined)
  }

  /** Elements that are not records, and that an operator accepted; undefined if no operator accepts any. */
  get rejected(): number | undefined {
    return this.#acceptor?.rejected
  }

  /**
   * The equations that must hold when everything is processed, each number from a separate counter.
   *
   * @param records the number of records that the branch received
   * @param receivers the receivers of what the last runner emits, and the number of records that each received
   */
  equations(records: number, receivers: readonly Receiver[]): Equation[] {
    const { counts } = this
    const stages = [
      { name: 'records received', out: records },
      ...counts.map(({ name, out }) => ({ name: `out of ${name}`, out })),
    ]
    const between = counts.map((to, index) => {
      const from = stages[index] as (typeof stages)[number]
      return equation(from.name, `into ${to.name}`, from.out, to.in)
    })
    const last = stages.at(-1) as (typeof stages)[number]
    const own = this.#steps.flatMap(step => step.definition.equations?.(step.counts, step.rejected) ?? [])
    const after = receivers.map(({ name, records: received }) =>
      equation(last.name, name, last.out, received),
    )
    return [...own, ...between, ...after]
  }

  /**
   * Passes an element that is not a record to the operator that accepts those; returns whether there is one.
   *
   * @param isDone whether an operator wants no more: if so, the element is only counted
   */
  reject(rejected: Rejected, isDone: boolean): boolean {
    this.#acceptor?.reject(rejected, isDone)
    return this.#acceptor !== undefined
  }

  /** Those that must be drained before such an element goes past them, so that it arrives in its order. */
  get drainedBeforeRejected(): readonly DrainedRunner[] {
    const acceptor = this.#acceptor === undefined ? this.all.length : this.all.indexOf(this.#acceptor)
    return this.drained.filter(runner => this.all.indexOf(runner) < acceptor)
  }

  /**
   * Stops the runners: they accept nothing more, and emit nothing more.
   *
   * @param end the index after the last runner to stop. Default: all.
   */
  stop(end = this.all.length): void {
    for (const runner of this.all.slice(0, end)) runner.stop()
  }

  /** @param withState whether the states are needed, and not only the counts */
  save(withState: boolean): OperatorState[] {
    return this.all.map(runner => runner.save(withState))
  }

  /**
   * Continues from saved states, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when the states belong to other operators; OPERATOR when one rejects its state.
   */
  restore(states: readonly OperatorState[]): void {
    const saved = states.map(({ name }) => name).join(', ')
    const now = this.all.map(({ definition }) => definition.name).join(', ')
    if (saved !== now) {
      const problem = `the checkpoint belongs to other operators: it has ${saved || 'none'}, the run has ${now || 'none'}`
      const remedy = 'delete the checkpoint to start again'
      throw new LeadpipeError('CHECKPOINT', problem, { context: { saved, now, remedy } })
    }
    for (const [index, runner] of this.all.entries()) runner.restore(states[index] as OperatorState)
  }
}
