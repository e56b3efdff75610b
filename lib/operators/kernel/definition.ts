import type { Duplex, Writable } from 'node:stream'
import type { Mark } from '../../model/Mark.ts'
import type { Rejected } from '../../model/Rejected.ts'

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

/**
 * An operator of leadpipe's own. What it says besides is between it and `run`: names and counts of a user's
 * operator mean what the user says, whatever they are.
 */
export interface OwnStepDefinition<In = unknown, Out = unknown> extends StepDefinition<In, Out> {
  create(context?: CreateContext): OwnInstance<In, Out>
  /**
   * What its counts mean: those of 'validate' (`valid`, `skipped`, `quarantined`, `rejected`) must add up and stand
   * in the report, `records` of 'encode' are the records of a run whose sink gets bytes.
   */
  role?: 'validate' | 'encode'
  /** A field of the lead that the operator can't do without; `run` refuses a query that leaves it out. */
  needs?: 'leadConversionEvents'
  /** Whether it takes elements that are no leads (its instances have `reject`): else they end the source. */
  takesRejected?: boolean
  /** Where it sets values aside: a path, which `run` opens, or a Writable, which `run` ends. */
  quarantine?: string | Writable
  /** Called when a mark passes, behind the last value before it. Set by `run`, for quarantines. */
  onMark?(mark: Mark): void
}

/** One use of such an operator. */
export interface OwnInstance<In, Out> extends OperatorInstance<In, Out> {
  /** Takes an element that is no lead; see `takesRejected`. */
  reject?(rejected: Rejected): void | Promise<void>
}

/** What `run` has ready for an operator. */
export interface CreateContext {
  /** The opened quarantine. */
  quarantine?: Writable
}

/**
 * An operator that is a Node stream of the user's own, made anew for each use; with a checkpoint, at each mark,
 * too (`RenewedStream`).
 */
export interface StreamDefinition {
  name: string
  createStream(): Duplex
}

/** Any kind. */
export type Definition = OwnStepDefinition<never, unknown> | StreamDefinition
