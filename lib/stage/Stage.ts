/**
 * Plain JSON: what comes out of `JSON.parse(JSON.stringify(value))` as it went in. The compiler can't hold this for
 * interfaces, so the name says it.
 */
export type Json = unknown

/** Two numbers that must be equal when a run has ended well, each from a counter of its own. */
export interface Equation {
  readonly left: string
  readonly right: string
  readonly values: readonly [left: number, right: number]
}

/** An {@link Equation} in one line. */
export const equation = (left: string, right: string, a: number, b: number): Equation => ({
  left,
  right,
  values: [a, b],
})

/** What sources, operators and sinks have in common: a recipe, to be opened for each use. */
export interface Stage {
  /** For messages and reports. */
  readonly name: string
  /**
   * What must be equal for a checkpoint to fit: plain JSON. Absent for a stage that can't be resumed.
   */
  readonly fingerprint?: Json
}

/** One use of a source or a sink. */
export interface StageRun {
  /** What it counted, those of before a restart included; for the report. Default: nothing. */
  counts?(): Readonly<Record<string, number>>
  /** What must hold of its counts when the run has ended well. */
  equations?(): readonly Equation[]
}
