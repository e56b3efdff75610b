import { messageOf } from '../errors.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { type BranchOf, branchId, mainId, type OnError } from './branches.ts'
import type { Definition } from './definition.ts'
import type { UnsavedState } from './instance.ts'
import { type LineOf, type Outlet, type OutletHost, outletsOf, type Target } from './Outlet.ts'
import type { BranchState, Runner, ValueReceiver } from './Runner.ts'
import { Runners } from './Runners.ts'

/** The chain, or the branch above, as a branch sees it. */
export interface BranchHost extends OutletHost {
  /** The branch wants no more. */
  done(): void
  /** A branch below was dropped. */
  dropped(): void
}

/** One branch of a chain: its runners, and the outlet or the branches after them. */
export class Branch implements ValueReceiver {
  /** The path of its sink in the run. */
  readonly id: string
  readonly definitions: readonly Definition[]
  readonly onError: OnError
  readonly runners: Runners
  readonly branches: readonly Branch[]
  /** Its runners, then those of its branches. */
  readonly allRunners: readonly Runner[]
  /** Its outlets, then those of its branches: in the order of `mapOutputs`. */
  readonly allOutlets: readonly Outlet[]
  /** Records that it received, and elements that are not records. */
  records = 0
  rejected = 0
  /** Why it was dropped; undefined while it was not. */
  dropped: string | undefined
  /** The outlet of the sink; undefined if there are branches. */
  readonly #main: Outlet | undefined
  /** All runners and all outlets. */
  readonly #parts: readonly (Runner | Outlet)[]
  readonly #host: BranchHost
  #isDone = false
  /** The counts before the current record. */
  #before = { records: 0, rejected: 0 }

  /**
   * @param isResumed whether `restore` is called before the first record
   * @param lineOf the text of the records that it receives; absent if an operator may have changed them
   * @throws {LeadpipeError} OPERATOR or OPTION when an operator can't be created; those that exist are stopped.
   */
  constructor(recipe: BranchOf<Target>, host: BranchHost, isResumed: boolean, lineOf?: LineOf, id = mainId) {
    const { definitions, branches } = recipe
    this.id = id
    this.definitions = definitions
    this.onError = recipe.onError
    this.#host = host
    /** Index of the first operator whose output may differ from what the branch receives. */
    const changing = definitions.findIndex(part => !('create' in part && part.preserves))
    const lineAfter = changing === -1 ? lineOf : undefined
    const outlets = outletsOf(recipe, host, lineAfter)
    this.#main = outlets.main
    this.runners = new Runners(definitions, {
      side: outlets.side,
      next: this.#main ?? { receive: value => this.#toBranches(value) },
      isResumed,
      hostOf: index => ({
        ...host,
        lineOf: changing === -1 || index <= changing ? lineOf : undefined,
        done: () => this.#stopUpTo(index),
        workAfter: () => this.idle(index + 1),
      }),
    })
    const opened: Branch[] = []
    this.branches = opened
    try {
      for (const [index, branch] of branches.entries())
        opened.push(new Branch(branch, this.#hostOf(index), isResumed, lineAfter, branchId(id, index)))
    } catch (error) {
      this.stop()
      throw error
    }
    this.allRunners = [...this.runners.all, ...opened.flatMap(branch => branch.allRunners)]
    this.allOutlets = [...outlets.all, ...opened.flatMap(branch => branch.allOutlets)]
    this.#parts = [...this.allRunners, ...this.allOutlets]
  }

  /** Whether it wants no more: an operator said so, or all of its branches. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Records that went to its sink; undefined if it has branches. */
  get passed(): number | undefined {
    return this.#main?.passed
  }

  /** The branches that were not dropped. */
  get live(): readonly Branch[] {
    return this.branches.filter(({ dropped }) => dropped === undefined)
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): UnsavedState | undefined {
    const [found] = [this.runners, ...this.branches].flatMap(({ unsavedState }) => unsavedState ?? [])
    return found
  }

  receive(value: unknown): void {
    this.records += 1
    this.runners.first.receive(value)
  }

  /** Passes an element that is not a record to the operator that accepts those; returns whether there is one. */
  reject(rejected: Rejected): boolean {
    this.rejected += 1
    if (this.runners.reject(rejected, this.#isDone)) return true
    const accepted = this.live.map(branch => branch.reject(rejected))
    return accepted.length > 0 && accepted.every(isAccepted => isAccepted)
  }

  /** Accepts nothing more, and emits nothing more. The outlets of side outputs still pass on what waits there. */
  stop(): void {
    this.runners.stop()
    this.#main?.stop()
    for (const branch of this.branches) branch.stop()
  }

  /** Stores the state for `undo`. */
  remember(): void {
    if (this.dropped !== undefined) return
    this.#before.records = this.records
    this.#before.rejected = this.rejected
    for (const runner of this.runners.all) runner.remember()
    for (const branch of this.branches) branch.remember()
  }

  /** Undoes everything since `remember`; returns whether that was possible. */
  undo(): boolean {
    if (this.dropped !== undefined) return true
    Object.assign(this, this.#before)
    return this.runners.all.every(runner => runner.undo()) && this.branches.every(branch => branch.undo())
  }

  /**
   * Resolves when all work in progress is done, or has failed; undefined when there is none. Never rejects.
   *
   * @param from the index of the first runner of the branch whose work counts. Default: all.
   */
  idle(from = 0): Promise<void> | undefined {
    return this.work(from)?.then(() => this.idle(from))
  }

  /** The same for the first part that is busy: others may still be. */
  work(from = 0): Promise<void> | undefined {
    let work: Promise<void> | undefined
    for (let at = from; at < this.#parts.length && work === undefined; at += 1) work = this.#parts[at]?.idle()
    return work
  }

  /** Stops the branch; from now on its sinks do not matter. What waits for a side output still goes there. */
  drop(message: string): void {
    this.dropped = message
    this.stop()
    for (const outlet of this.allOutlets) outlet.abandon()
  }

  /**
   * @param isLive whether the run may resume the branch. Default: if it was not dropped.
   * @throws {LeadpipeError} OPERATOR when an operator can't save its state, unless its branch is dropped for that.
   */
  save(isLive = this.dropped === undefined): BranchState {
    const { records, rejected, passed, branches } = this
    const operators = this.runners.save(isLive)
    const below = branches.map((branch, index) =>
      isLive ? this.#saveBelow(branch, index) : branch.save(false),
    )
    const { dropped } = this
    return {
      operators,
      records,
      rejected,
      ...(passed === undefined ? { branches: below } : { passed }),
      ...(dropped === undefined ? {} : { dropped }),
    }
  }

  /**
   * Continues from a saved state, before the first record.
   *
   * @throws {LeadpipeError} CHECKPOINT when the state belongs to other operators; OPERATOR when one rejects its
   * state.
   */
  restore({ operators, records, rejected, passed = 0, branches = [], dropped }: BranchState): void {
    this.runners.restore(operators)
    this.records = records
    this.rejected = rejected
    if (this.#main !== undefined) this.#main.passed = passed
    for (const [index, branch] of this.branches.entries()) branch.restore(branches[index] as BranchState)
    if (dropped !== undefined) this.drop(dropped)
    const ended = this.runners.all.findLastIndex(runner => runner.ended)
    if (ended !== -1) this.#stopUpTo(ended)
    if (this.branches.length > 0) this.#endWithBranches()
  }

  #toBranches(value: unknown): void {
    for (const branch of this.branches) if (branch.dropped === undefined) branch.receive(value)
  }

  #saveBelow(branch: Branch, index: number): BranchState {
    try {
      return branch.save()
    } catch (error) {
      this.#failBelow(index, error)
      if (branch.dropped === undefined) throw error
      return branch.save()
    }
  }

  #hostOf(index: number): BranchHost {
    return {
      ...this.#host,
      done: () => this.#endWithBranches(),
      fail: error => this.#failBelow(index, error),
    }
  }

  #failBelow(index: number, error: unknown): void {
    const branch = this.branches[index]
    if (branch?.dropped !== undefined) return
    // The last branch is not dropped: its failure is that of the run, which can be started again.
    if (branch?.onError !== 'drop' || this.live.length === 1) this.#host.fail(error)
    else {
      branch.drop(messageOf(error))
      this.#host.dropped()
      this.#endWithBranches()
    }
  }

  /** An operator that wants no more needs nothing from the operators before it. */
  #stopUpTo(index: number): void {
    this.#isDone = true
    this.runners.stop(index + 1)
    this.#host.done()
  }

  /** When no branch below wants more, this one wants no more either. */
  #endWithBranches(): void {
    if (this.#isDone || !this.live.every(branch => branch.isDone)) return
    this.#stopUpTo(this.runners.all.length - 1)
  }
}
