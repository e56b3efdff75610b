/**
 * Plain JSON: a value that `JSON.parse(JSON.stringify(value))` does not change. The compiler can't check this for
 * interfaces, so the name states it.
 */
export type Json = unknown

/** Two numbers that must be equal when a run has ended well, each from a separate counter. */
export interface Equation {
  readonly left: string
  readonly right: string
  readonly values: readonly [left: number, right: number]
}

/** Creates an {@link Equation}. */
export const equation = (left: string, right: string, a: number, b: number): Equation => ({
  left,
  right,
  values: [a, b],
})

/** The common part of sources, operators and sinks: a recipe that is opened for each use. */
export interface Stage {
  /** For messages and reports. */
  readonly name: string
  /** The value that must be equal for a checkpoint to fit: plain JSON. Absent for a stage that can't be resumed. */
  readonly fingerprint?: Json
}

/** One use of a source or a sink. */
export interface StageRun {
  /** The stage's own counts, including those from before a restart; for the report. Default: nothing. */
  counts?(): Readonly<Record<string, number>>
  /** The equations that must hold for its counts when the run has ended well. */
  equations?(): readonly Equation[]
}
