import { type Deferred, deferred, isThenable } from '../async/promises.ts'
import { Queue } from '../async/Queue.ts'
import type { CallContext, ConcurrentDefinition, OperatorCounts } from './definition.ts'
import { nothingEmitted, operatorError } from './instance.ts'
import { type CountsOfValues, OperatorCounters } from './OperatorCounters.ts'
import {
  type DrainedRunner,
  nobody,
  type OperatorState,
  type RunnerHost,
  type ValueReceiver,
} from './Runner.ts'

/**
 * Calls a function for each value, for several values at a time, and emits the results in the order of the values. A
 * call counts as under way until its result is emitted. So the results that wait for an earlier one are bounded, too.
 */
export class ConcurrentRunner implements DrainedRunner {
  readonly definition: ConcurrentDefinition
  /** A function can't say that it wants no more. */
  readonly ended = false
  readonly #host: RunnerHost
  readonly #counters: OperatorCounters
  #next: ValueReceiver = nobody
  /** The calls under way, in the order of their values. */
  readonly #calls: Call[] = []
  /** Values that wait for a call. They all come from one record: the next one waits until there are none. */
  readonly #waiting = new Queue<unknown>()
  #isStopped = false
  /** Whether a call has failed: from then on, none is started. */
  #isFailing = false
  /** Whether there is no room after this operator. */
  #isPaused = false
  #isDraining = false
  /** Settles when the next record may be received. */
  #ready: Deferred<void> | undefined
  /** The counts before the current record; undefined if it can't be undone. */
  #before: CountsOfValues | undefined

  constructor(definition: ConcurrentDefinition, host: RunnerHost) {
    this.definition = definition
    this.#host = host
    this.#counters = new OperatorCounters(definition.name, () => undefined)
  }

  get counts(): OperatorCounts {
    return this.#counters.total
  }

  get isDrained(): boolean {
    return this.#calls.length === 0 && this.#waiting.length === 0 && !this.#isPaused
  }

  connect(next: ValueReceiver): void {
    this.#next = next
  }

  receive(value: unknown): void {
    this.#counters.in += 1
    if (this.#isStopped) {
      this.#counters.unused += 1
      return
    }
    if (this.isDrained) {
      const call = this.#start(value)
      if (call.isOver) {
        // The short way, for a function that returns at once. The chain waits for what the emitted value leads to.
        this.#emit(call)
        return
      }
      this.#calls.push(call)
    } else {
      this.#waiting.push(value)
      this.#advance()
    }
    if (!this.#isReady) this.#host.busy()
  }

  flush(): void {
    if (!this.isDrained) this.drain()
  }

  async drain(): Promise<void> {
    this.#isDraining = true
    this.#host.busy()
    await this.idle()
    this.#isDraining = false
  }

  idle(): Promise<void> | undefined {
    if (this.#isReady) return undefined
    this.#ready ??= deferred()
    return this.#ready.promise
  }

  /** Does not wait for the calls under way, which may never settle. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#counters.unused += this.#calls.length + this.#waiting.length
    const calls = this.#calls.splice(0)
    this.#waiting.clear()
    this.#isPaused = false
    this.#notify()
    for (const call of calls) call.abort()
  }

  save(): OperatorState {
    return { name: this.definition.name, counts: this.#counters.save() }
  }

  restore({ counts }: OperatorState): void {
    this.#counters.restore(counts)
  }

  remember(): void {
    this.#before = this.isDrained ? this.#counters.ofValues : undefined
  }

  /** A record can be undone if it is the only one that is under way. */
  undo(): boolean {
    if (this.#before === undefined) return false
    Object.assign(this.#counters, this.#before)
    return true
  }

  get #isReady(): boolean {
    return this.#isStopped || (this.#isDraining ? this.isDrained : this.#waiting.length === 0 && this.#isFree)
  }

  /** Whether another call may be started. */
  get #isFree(): boolean {
    return this.#calls.length < this.definition.concurrency && !this.#isPaused && !this.#isFailing
  }

  /** Emits the results whose turn it is, and starts calls. */
  #advance(): void {
    while (!this.#isStopped && !this.#isPaused) {
      const first = this.#calls[0]
      if (first?.isOver) {
        this.#calls.shift()
        this.#emit(first)
        this.#pause()
      } else if (this.#waiting.length > 0 && this.#isFree) {
        this.#calls.push(this.#start(this.#waiting.shift()))
      } else break
    }
    this.#notify()
  }

  #start(value: unknown): Call {
    const call = new Call(value)
    try {
      const result = this.definition.call(value, call)
      if (isThenable(result)) this.#await(call, result)
      else call.succeed(result)
    } catch (error) {
      call.fail(error)
    }
    if (call.failure !== undefined) this.#isFailing = true
    return call
  }

  #await(call: Call, result: PromiseLike<unknown>): void {
    Promise.resolve(result).then(
      value => this.#conclude(call.succeed(value)),
      error => this.#conclude(call.fail(error)),
    )
  }

  #conclude(call: Call): void {
    if (this.#isStopped) return
    if (call.failure !== undefined) {
      this.#isFailing = true
      // The results of later calls are not needed.
      for (const later of this.#calls.slice(this.#calls.indexOf(call) + 1)) later.abort()
    }
    this.#advance()
  }

  #emit({ value, result, failure }: Call): void {
    if (failure !== undefined) {
      this.#host.fail(operatorError(this.definition.name, failure.error, value))
      return
    }
    this.#counters.out += 1
    this.#next.receive(result)
  }

  /** Emits nothing more until there is room after this operator. */
  #pause(): void {
    const wait = this.#isStopped ? undefined : this.#host.workAfter()
    if (wait === undefined) return
    this.#isPaused = true
    wait.then(() => {
      this.#isPaused = false
      this.#advance()
    })
  }

  #notify(): void {
    if (!this.#isReady) return
    this.#ready?.resolve()
    this.#ready = undefined
  }
}

/** One call, and what its function learns about it. */
class Call implements CallContext {
  readonly value: unknown
  isOver = false
  result: unknown
  /** Why it failed; undefined if it has not. */
  failure: { readonly error: unknown } | undefined
  #controller: AbortController | undefined

  constructor(value: unknown) {
    this.value = value
  }

  /** Created when it is asked for: a controller costs more than most calls. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  succeed(result: unknown): this {
    if (result === null || result === undefined) return this.fail(nothingEmitted(result))
    this.isOver = true
    this.result = result
    return this
  }

  fail(error: unknown): this {
    this.isOver = true
    this.failure = { error }
    return this
  }

  /** Aborts the signal, unless the call is over. */
  abort(): void {
    if (this.isOver) return
    this.#controller ??= new AbortController()
    this.#controller.abort()
  }
}
