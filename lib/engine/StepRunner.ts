import { isThenable } from '../async/promises.ts'
import type { LeadpipeError } from '../errors.ts'
import type { Rejected } from '../stage/Rejected.ts'
import type { Json } from '../stage/Stage.ts'
import {
  done,
  type Emit,
  type OperatorCounts,
  type OwnInstance,
  type OwnStepDefinition,
  type SideOutput,
  type SideOutputs,
  type StepControl,
} from './definition.ts'
import {
  createInstance,
  nothingEmitted,
  operatorError,
  restoreInstance,
  saveInstance,
  type UnsavedState,
  unsavedState,
} from './instance.ts'
import { type CountsOfValues, OperatorCounters } from './OperatorCounters.ts'
import type { LineOf } from './Outlet.ts'
import { nobody, type OperatorState, type Runner, type RunnerHost, type ValueReceiver } from './Runner.ts'

/** Runs an operator of steps: calls the user's code, counts, and turns thrown values into OPERATOR errors. */
export class StepRunner implements Runner, StepControl {
  readonly definition: OwnStepDefinition<never, unknown>
  readonly #instance: OwnInstance<unknown, unknown>
  readonly #counters: OperatorCounters
  #next: ValueReceiver = nobody
  readonly #host: RunnerHost
  readonly #lineOf: LineOf | undefined
  isStopped = false
  /** Whether the step (or flush) is running, so that it may emit. */
  #isOpen = false
  /** The running step; and the number of steps, including those that wait for it. */
  #running: Promise<void> | undefined
  #steps = 0
  /** The counts and the state before the current record. */
  #before: { counts: CountsOfValues; state: Json } | undefined

  constructor(
    definition: OwnStepDefinition<never, unknown>,
    host: RunnerHost,
    outputs?: SideOutputs<SideOutput>,
  ) {
    this.definition = definition
    this.#host = host
    this.#lineOf = definition.usesLines ? host.lineOf : undefined
    this.#instance = createInstance(definition, outputs)
    this.#counters = new OperatorCounters(definition.name, () => this.#instance.counts?.())
  }

  get counts(): OperatorCounts {
    return this.#counters.total
  }

  /** Elements that are not records, and that the operator accepted. */
  get rejected(): number {
    return this.#counters.rejected
  }

  get ended(): boolean {
    return this.#counters.ended
  }

  /** Why the operator can't run with a checkpoint; undefined when it can. */
  get unsavedState(): UnsavedState | undefined {
    return unsavedState(this.definition, this.#instance)
  }

  room(): Promise<void> | undefined {
    return this.#host.workAfter()
  }

  connect(next: ValueReceiver): void {
    this.#next = next
  }

  receive(value: unknown): void {
    this.#counters.in += 1
    if (this.#running !== undefined) {
      this.#queue(() => this.#step(value))
      return
    }
    const running = this.#step(value)
    if (running !== undefined) this.#start(running)
  }

  reject(rejected: Rejected, isDone: boolean): void {
    this.#counters.rejected += 1
    if (isDone) this.#counters.unused += 1
    else this.#runNext(() => this.#guard(() => this.#instance.reject?.(rejected)))
  }

  flush(): void {
    if (this.#instance.flush === undefined || this.isStopped) return
    this.#runNext(() => this.#guard(() => this.#instance.flush?.(this.#emit)))
  }

  idle(): Promise<void> | undefined {
    return this.#running
  }

  stop(): void {
    this.isStopped = true
  }

  save(withState: boolean): OperatorState {
    const { name } = this.definition
    const state = withState ? saveInstance(name, this.#instance) : undefined
    return { name, ...(state === undefined ? {} : { state }), counts: this.#counters.save() }
  }

  restore({ state, counts }: OperatorState): void {
    if (state !== undefined) restoreInstance(this.definition.name, this.#instance, state)
    this.#counters.restore(counts)
  }

  remember(): void {
    const state = this.#instance.savesCheaply ? this.#instance.save?.() : undefined
    this.#before = { counts: this.#counters.ofValues, state }
  }

  undo(): boolean {
    if (this.#before === undefined) return false
    const { counts: before, state } = this.#before
    if (before.in === this.#counters.in && before.rejected === this.#counters.rejected) return true
    const { savesCheaply, save, counts, restore } = this.#instance
    if (savesCheaply) restore?.(state)
    else if (save !== undefined || counts !== undefined) return false
    Object.assign(this.#counters, before)
    return true
  }

  /** Runs the user's code, after the work in progress. */
  #runNext(code: () => Promise<void> | undefined): void {
    if (this.#running !== undefined) {
      this.#queue(code)
      return
    }
    const running = code()
    if (running !== undefined) this.#start(running)
  }

  #start(running: Promise<void>): void {
    this.#steps = 1
    this.#running = running
    this.#host.busy()
  }

  #queue(code: () => Promise<void> | undefined): void {
    this.#steps += 1
    this.#running = this.#running?.then(() => code() ?? this.#finishStep())
  }

  /** Called when a running step has ended. */
  #finishStep(): void {
    this.#steps -= 1
    if (this.#steps === 0) this.#running = undefined
  }

  /** Calls the user's step. Never throws or rejects: a failure goes to the chain. */
  #step(value: unknown): Promise<void> | undefined {
    if (this.isStopped) {
      this.#counters.unused += 1
      return undefined
    }
    this.#isOpen = true
    try {
      const result = this.#instance.step(value, this.#emit, this.#lineOf?.(value), this)
      if (result !== undefined) return this.#conclude(result, value)
      this.#isOpen = false
    } catch (error) {
      this.#fail(error, value)
    }
    return undefined
  }

  /** The same for the user's other code. */
  #guard(code: () => unknown): Promise<void> | undefined {
    this.#isOpen = true
    try {
      return this.#conclude(code(), undefined)
    } catch (error) {
      this.#fail(error, undefined)
      return undefined
    }
  }

  #conclude(result: unknown, value: unknown): Promise<void> | undefined {
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        settled => {
          this.#end(settled, value)
          this.#finishStep()
        },
        error => {
          this.#fail(error, value)
          this.#finishStep()
        },
      )
    }
    this.#end(result, value)
    return undefined
  }

  #end(result: unknown, value: unknown): void {
    this.#isOpen = false
    if (result === done) {
      this.#counters.ended = true
      this.#host.done()
    } else if (result !== undefined) {
      const what = result === null ? 'null' : `a value of type ${typeof result}`
      const hint = 'a step emits values with emit(value), and a returned value would be lost'
      this.#fail(new TypeError(`the step returned ${what}: ${hint}`), value)
    }
  }

  #fail(error: unknown, value: unknown): void {
    this.#isOpen = false
    this.#host.fail(this.#error(error, value))
  }

  readonly #emit: Emit<unknown> = value => {
    if (value === null || value === undefined) throw nothingEmitted(value)
    if (!this.#isOpen) throw this.#lateEmitError()
    this.#counters.out += 1
    this.#next.receive(value)
  }

  /**
   * The error for a value that is emitted too late, when there may be no receiver. The run fails if it has not
   * ended, and the caller gets the error too.
   */
  #lateEmitError(): LeadpipeError {
    const hint = 'an asynchronous step must return a promise that settles after its last value'
    const error = this.#error(new TypeError(`it emitted a value after its step had ended; ${hint}`))
    this.#host.fail(error)
    return error
  }

  #error(cause: unknown, value?: unknown): LeadpipeError {
    return operatorError(this.definition.name, cause, value)
  }
}
