import type { Duplex, Writable } from 'node:stream'
import type { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'

/**
 * What a step returns to say that it wants no more: the stages before it end at once (and under `run` the
 * source), what it emitted so far goes on. Neither its own `flush` nor an earlier one is called then.
 */
export const done: unique symbol = Symbol('leadpipe.done')

/**
 * Hands a value on; any number of times in a step. null and undefined are refused with OPERATOR, and so is a
 * value that comes when the step has ended: nobody may be left to take it.
 */
export type Emit<Out> = (value: Out) => void

/** Nothing, or {@link done}; a promise of it when the step is asynchronous. */
// biome-ignore lint/suspicious/noConfusingVoidType: an async step without a return is Promise<void>.
export type StepResult = void | typeof done | Promise<void | typeof done>

/** Takes one value and emits none, one or many. Values come one at a time, in order. */
export type Step<In, Out> = (value: In, emit: Emit<Out>) => StepResult

/** Emits what is left, after the last value. */
export type Flush<Out> = (emit: Emit<Out>) => void | Promise<void>

/** One use of an operator, with the state of that use. */
export interface OperatorInstance<In, Out> {
  step: Step<In, Out>
  flush?: Flush<Out>
  /**
   * The state between two values, as plain JSON; undefined for none. Called at each mark, when no step is under
   * way. An operator with state must have this and `restore` to run with a checkpoint. What JSON would lose or
   * change (a Map, a Date, NaN, a promise) fails the run with OPERATOR.
   */
  save?(): unknown
  /** Takes a state that `save` returned, as it comes out of JSON, before the first step; not called for none. */
  restore?(state: unknown): void
  /**
   * Numbers of its own for the report, for example `{ skipped: 3 }`. After a restart they go on from what they
   * were, whether `restore` takes them up or they begin with 0 again. The names `in`, `out` and `unused` are
   * taken.
   */
  counts?(): Readonly<Record<string, number>>
}

/** An operator of steps: a name, and how to make an instance for each use. */
export interface StepDefinition<In = unknown, Out = unknown> {
  /** A verb, for reports and errors. */
  name: string
  create(): OperatorInstance<In, Out>
  /**
   * True when instances hold nothing from one value to the next, so that they can be made anew at any time.
   * One that does not say so needs `save` and `restore` to run with a checkpoint.
   */
  stateless?: true
  /**
   * What the operator was made with, as plain JSON: a checkpoint is refused when it is another. Functions have
   * no JSON; the `version` of the checkpoint options stands for them.
   */
  options?: unknown
}

/** One entry for each side output of an operator. */
export type SideOutputs<T> = Readonly<Record<string, T>>

/**
 * An operator of leadpipe's own. What it says besides is between it and whoever runs it: names and counts of a user's
 * operator mean what the user says, whatever they are.
 */
export interface OwnStepDefinition<In = unknown, Out = unknown> extends StepDefinition<In, Out> {
  /** @param outputs takes what goes to its side outputs, by their names */
  create(outputs?: SideOutputs<SideOutput>): OwnInstance<In, Out>
  /** Functions of the user's that decide what it does: a checkpoint is refused when their text is another. */
  functions?: readonly AnyFunction[]
  /** A field of the lead that the operator can't do without; `run` refuses a query that leaves it out. */
  needs?: 'leadConversionEvents'
  /** Whether it takes elements that are not records (its instances have `reject`): otherwise they end the source. */
  takesRejected?: boolean
  /** Where it writes besides: the path of an NDJSON file, which `run` opens, or a Writable, which `run` ends. */
  outputs?: SideOutputs<string | Writable>
  /** What its counts mean for the report. */
  totals?(counts: OperatorCounts): OperatorTotals
  /** What must hold of its counts when the run has ended well. @param rejected elements that it took */
  equations?(counts: OperatorCounts, rejected: number): readonly Equation[]
}

// biome-ignore lint/suspicious/noExplicitAny: of whatever parameters.
export type AnyFunction = (...args: any[]) => unknown

/** What went through one operator. */
export interface OperatorCounts {
  name: string
  /** Values that reached it. */
  in: number
  /** Values that it emitted. */
  out: number
  /**
   * Numbers of its own, for example `skipped`; and `unused`, the values that reached it when no more were
   * wanted, where there are any.
   */
  [own: string]: string | number
}

/** Numbers of an operator that stand in the report of the run. */
export interface OperatorTotals {
  skipped?: number
  quarantined?: number
  /** Records that it made bytes of. */
  records?: number
}

/** Takes what an operator writes besides, at once, in order. What becomes of it is not the operator's concern. */
export interface SideOutput {
  write(record: unknown): void
}

/** One use of such an operator. */
export interface OwnInstance<In, Out> extends OperatorInstance<In, Out> {
  /** Takes an element that is not a record; see `takesRejected`. */
  reject?(rejected: Rejected): void
  /** Whether `save` costs no more than a step: then it is called before each record, to undo one that fails. */
  savesCheaply?: true
}

/**
 * A Node stream of the user's own as an operator. Made anew for each use; with a checkpoint, after each save as well
 * (`StreamRunner`).
 */
export interface StreamDefinition {
  /** For reports and errors. */
  name: string
  createStream(): Duplex
  functions?: readonly AnyFunction[]
}

/** Any operator. */
export type Definition = OwnStepDefinition<never, unknown> | StreamDefinition
