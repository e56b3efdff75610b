import type { Outlet } from './Outlet.ts'
import type { Runner } from './Runner.ts'

/** The counts of what a chain received: records, and elements that are not records. */
export interface Received {
  records: number
  rejected: number
}

/**
 * The current record of a run with a checkpoint. The outlets hold the values that it produces until its steps are done,
 * or wait for something. So a record that fails before that can be undone.
 */
export class RecordTransaction {
  readonly #runners: readonly Runner[]
  readonly #outlets: readonly Outlet[]
  readonly #isFailed: () => boolean
  #received: Received = { records: 0, rejected: 0 }
  #passed = 0

  /** @param isFailed whether the chain has failed */
  constructor(runners: readonly Runner[], outlets: readonly Outlet[], isFailed: () => boolean) {
    this.#runners = runners
    this.#outlets = outlets
    this.#isFailed = isFailed
  }

  /** The chain's counts before the record. */
  get received(): Readonly<Received> {
    return this.#received
  }

  /** Called before any part of the record is received. */
  begin(received: Received): void {
    for (const runner of this.#runners) runner.remember()
    this.#received = received
    this.#passed = passedBy(this.#outlets)
    for (const outlet of this.#outlets) outlet.hold()
  }

  /**
   * Called when the steps of the record are done, or wait for something: its values go to the sinks, or are dropped if
   * the chain failed. If a sink fails here, the others get nothing.
   */
  end(): void {
    for (const outlet of this.#outlets) {
      if (this.#isFailed()) outlet.drop()
      else outlet.release()
    }
  }

  /** Undoes the record in every operator; returns whether that was possible, as {@link Runner.undo} does. */
  undo(): boolean {
    return passedBy(this.#outlets) === this.#passed && this.#runners.every(runner => runner.undo())
  }
}

/** Number of records that were passed to the sinks, all sinks together. */
const passedBy = (outlets: readonly Outlet[]) => outlets.reduce((sum, { passed }) => sum + passed, 0)
