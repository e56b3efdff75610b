import type { Duplex, Writable } from 'node:stream'
import type { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'

/**
 * Returned by a step that wants no more: the stages before it end at once (under `run` also the source). The values
 * that it has emitted are still processed. Its own `flush` and those of earlier operators are not called.
 */
export const done: unique symbol = Symbol('leadpipe.done')

/**
 * Emits a value; any number of times in a step. null and undefined are refused with OPERATOR, and so is a value that
 * is emitted after the step has ended: there may be no receiver any more.
 */
export type Emit<Out> = (value: Out) => void

/** Nothing, or {@link done}; a promise of it if the step is asynchronous. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async step without a return is Promise<void>.
export type StepResult = void | typeof done | Promise<void | typeof done>

/** Receives one value and emits none, one or many. Values arrive one at a time, in order. */
export type Step<In, Out> = (value: In, emit: Emit<Out>) => StepResult

/** Emits the remaining values, after the last input. */
export type Flush<Out> = (emit: Emit<Out>) => void | Promise<void>

/** One use of an operator, with the state of that use. */
export interface OperatorInstance<In, Out> {
  step: Step<In, Out>
  flush?: Flush<Out>
  /**
   * Returns the state between two values, as plain JSON; undefined for no state. Called at each barrier, when no
   * step is running. To run with a checkpoint, an operator with state needs this and `restore`. A value that JSON
   * would lose or change (a Map, a Date, NaN, a promise) fails the run with OPERATOR.
   */
  save?(): unknown
  /** Receives a state that `save` returned, parsed from JSON, before the first step; not called for undefined. */
  restore?(state: unknown): void
  /**
   * The operator's own numbers for the report, for example `{ skipped: 3 }`. After a restart they continue, whether
   * `restore` restores them or they start from 0 again. Values that are not numbers are left out.
   */
  counts?(): Readonly<Record<string, number>>
}

/** An operator of steps: a name, and a function that creates an instance for each use. */
export interface StepDefinition<In = unknown, Out = unknown> {
  /** A verb, for reports and errors. */
  name: string
  create(): OperatorInstance<In, Out>
  /**
   * True if an instance keeps nothing from one value to the next, so that it can be created again at any time.
   * Without it, an operator needs `save` and `restore` to run with a checkpoint.
   */
  stateless?: true
  /**
   * The options that the operator was created with, as plain JSON: a checkpoint with other options is refused.
   * Functions are not JSON; the `version` of the checkpoint options represents them.
   */
  options?: unknown
}

/** One entry for each side output of an operator. */
export type SideOutputs<T> = Readonly<Record<string, T>>

/**
 * One of leadpipe's own operators. Its additional properties are internal: the names and counts of a user's operator
 * have no special meaning.
 */
export interface OwnStepDefinition<In = unknown, Out = unknown> extends StepDefinition<In, Out> {
  /** @param outputs receives the values for its side outputs, by their names */
  create(outputs?: SideOutputs<SideOutput>): OwnInstance<In, Out>
  /** The user's functions that decide what it does: a checkpoint is refused when their text differs. */
  functions?: readonly AnyFunction[]
  /** A field of the lead that the operator needs; `run` refuses a query that excludes it. */
  needs?: 'leadConversionEvents'
  /**
   * Whether it accepts elements that are not records (its instances have `reject`). If no operator does, the first
   * one ends the source.
   */
  acceptsRejected?: boolean
  /** Whether it emits the very values that it receives, and changes none: their `line` stays valid. Default: false. */
  preserves?: boolean
  /** Whether its steps use the `line` of a record that has one. Default: false. */
  usesLines?: true
  /** Its additional outputs: the path of an NDJSON file, which `run` opens, or a Writable, which `run` ends. */
  outputs?: SideOutputs<string | Writable>
  /** Converts its counts to totals for the report. */
  totals?(counts: OperatorCounts): OperatorTotals
  /**
   * The equations that must hold for its counts when the run has ended well.
   *
   * @param rejected elements that are not records, and that it accepted
   */
  equations?(counts: OperatorCounts, rejected: number): readonly Equation[]
}

// biome-ignore lint/suspicious/noExplicitAny: of whatever parameters.
export type AnyFunction = (...args: any[]) => unknown

/** The counts of one operator. */
export interface OperatorCounts {
  name: string
  /** Values that reached it. */
  in: number
  /** Values that it emitted. */
  out: number
  /** Values that reached it after it wanted no more. Absent if there are none. */
  unused?: number
  /** The operator's own numbers, for example `{ skipped: 3 }`; empty for an operator that counts nothing else. */
  own: Readonly<Record<string, number>>
}

/** Numbers of an operator for the report of the run. */
export interface OperatorTotals {
  skipped?: number
  quarantined?: number
  /** Values that are not records: they went to a side output of the source. */
  unmatched?: number
  /** Records that it converted to bytes. */
  records?: number
}

/** Receives the records of a side output, at once, in order. What happens to them is not the operator's concern. */
export interface SideOutput {
  write(record: unknown): void
}

/** For a step that emits many values. */
export interface StepControl {
  /** Whether no more values are needed, or the run is over. */
  readonly isStopped: boolean
  /** Resolves when the stages after it have room; undefined when they do now. Never rejects. */
  room(): Promise<void> | undefined
}

/** One use of such an operator. */
export interface OwnInstance<In, Out> extends OperatorInstance<In, Out> {
  /** @param line the value's JSON text as it arrived, in UTF-8 on one line, for an operator that uses it */
  step(value: In, emit: Emit<Out>, line?: Uint8Array, control?: StepControl): StepResult
  /** Receives an element that is not a record; see `acceptsRejected`. */
  reject?(rejected: Rejected): void
  /** Whether `save` costs no more than a step. If so, it is called before each record, to undo a record that fails. */
  savesCheaply?: true
}

/**
 * A user's Node stream as an operator. It is created for each use; with a checkpoint, again after each save
 * (`StreamRunner`).
 */
export interface StreamDefinition {
  /** For reports and errors. */
  name: string
  createStream(): Duplex
  functions?: readonly AnyFunction[]
}

/** What a function that is called for a value receives beside the value. */
export interface CallContext {
  /**
   * Aborted if the result is no longer needed: when the run ends early, fails or is aborted, or when the call for an
   * earlier record fails.
   */
  readonly signal: AbortSignal
}

/** A function without state that is called for several values at a time (`ConcurrentRunner`). */
export interface ConcurrentDefinition {
  /** For reports and errors. */
  name: string
  /** Calls under way at a time. */
  concurrency: number
  /** Returns the value to emit, or a promise of it. */
  call(value: unknown, context: CallContext): unknown
  functions?: readonly AnyFunction[]
}

/** Any operator. */
export type Definition = OwnStepDefinition<never, unknown> | StreamDefinition | ConcurrentDefinition
