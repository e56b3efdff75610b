import type { Branch } from './Branch.ts'
import type { Outlet } from './Outlet.ts'

/**
 * The current record of a run with a checkpoint. The outlets hold the values that it produces until its steps are done,
 * or wait for something. So a record that fails before that can be undone.
 */
export class RecordTransaction {
  readonly #main: Branch
  readonly #outlets: readonly Outlet[]
  readonly #isFailed: () => boolean
  #passed = 0

  /**
   * @param main the main branch
   * @param isFailed whether the chain has failed
   */
  constructor(main: Branch, isFailed: () => boolean) {
    this.#main = main
    this.#outlets = main.allOutlets
    this.#isFailed = isFailed
  }

  /** Called before any part of the record is received. */
  begin(): void {
    this.#main.remember()
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

  /** Undoes the record in every operator; returns whether that was possible, as {@link Branch.undo} does. */
  undo(): boolean {
    return passedBy(this.#outlets) === this.#passed && this.#main.undo()
  }
}

/** Number of records that were passed to the sinks, all sinks together. */
const passedBy = (outlets: readonly Outlet[]) => outlets.reduce((sum, { passed }) => sum + passed, 0)
