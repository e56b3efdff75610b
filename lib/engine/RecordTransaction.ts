import type { Outlet } from './Outlet.ts'
import type { Runner } from './Runner.ts'

/** What a chain received: records, and elements that are not records. */
export interface Received {
  records: number
  rejected: number
}

/**
 * The record at hand of a run with a checkpoint. What it gives rise to is held in front of the sinks until its steps are
 * through, so that a record that fails can be undone.
 */
export class RecordTransaction {
  readonly #runners: readonly Runner[]
  readonly #outlets: readonly Outlet[]
  readonly #isFailed: () => boolean
  #received: Received = { records: 0, rejected: 0 }
  #passed = 0

  /** @param isFailed whether the chain failed */
  constructor(runners: readonly Runner[], outlets: readonly Outlet[], isFailed: () => boolean) {
    this.#runners = runners
    this.#outlets = outlets
    this.#isFailed = isFailed
  }

  /** What the chain received before the record. */
  get received(): Readonly<Received> {
    return this.#received
  }

  /** Begins, before anything of the record is received. */
  begin(received: Received): void {
    for (const runner of this.#runners) runner.remember()
    this.#received = received
    this.#passed = passedBy(this.#outlets)
    for (const outlet of this.#outlets) outlet.hold()
  }

  /**
   * The steps of the record are through, or wait for something: what it gave rise to goes to the sinks, or is forgotten
   * if the chain failed. A sink that fails here is not followed by the others.
   */
  end(): void {
    for (const outlet of this.#outlets) {
      if (this.#isFailed()) outlet.drop()
      else outlet.release()
    }
  }

  /** Takes the record back out of the operators; returns whether that was possible, as of {@link Runner.undo}. */
  undo(): boolean {
    return passedBy(this.#outlets) === this.#passed && this.#runners.every(runner => runner.undo())
  }
}

/** Records that went to any sink. */
const passedBy = (outlets: readonly Outlet[]) => outlets.reduce((sum, { passed }) => sum + passed, 0)
