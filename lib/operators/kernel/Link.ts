import type { LeadpipeError } from '../../errors.ts'
import type { OperatorMark } from '../../model/Mark.ts'
import type { Rejected } from '../../model/Rejected.ts'
import { done, type Emit, type OwnInstance, type OwnStepDefinition } from './definition.ts'
import { isThenable } from './isThenable.ts'
import { LinkCounts } from './LinkCounts.ts'
import { operatorError } from './operatorError.ts'
import { plainJson } from './plainJson.ts'
import { unsavedState } from './unsavedState.ts'

/** What a link tells its chain. */
interface Listener {
  /** A step is asynchronous and goes on. */
  busy(): void
  /** The step said that it wants no more. */
  done(): void
  fail(error: unknown): void
}

/** One operator in a chain: calls the user's code, counts, and turns what it throws into OPERATOR errors. */
export class Link {
  readonly definition: OwnStepDefinition<never, unknown>
  readonly #instance: OwnInstance<unknown, unknown>
  /** What went through it. */
  readonly counts: LinkCounts
  readonly #next: Emit<unknown>
  readonly #chain: Listener
  #stopped = false
  /** Whether the step (or flush) is under way, so that it may emit. */
  #open = false
  #running: Promise<void> | undefined

  constructor(definition: OwnStepDefinition<never, unknown>, next: Emit<unknown>, chain: Listener) {
    this.definition = definition
    this.#next = next
    this.#chain = chain
    this.#instance = this.#create()
    this.counts = new LinkCounts(this.name, () => this.#instance.counts?.())
  }

  get name(): string {
    return this.definition.name
  }

  /** Whether it takes elements that are no leads. */
  get takesRejected(): boolean {
    return this.definition.takesRejected === true
  }

  /** Why it can't run with a checkpoint; undefined when it can. */
  get unsavedState(): string | undefined {
    return unsavedState(this.definition, this.#instance)
  }

  /** What it needs to go on from here: a copy, since the operator goes on while the mark is under way. */
  mark(): OperatorMark {
    const counts = this.counts.toMark()
    const state = this.#save()
    return { name: this.name, ...(state === undefined ? {} : { state }), counts }
  }

  restore({ state, counts }: OperatorMark): void {
    if (state !== undefined) this.#restore(state)
    this.counts.restore(counts)
  }

  stop(): void {
    this.#stopped = true
  }

  receive(value: unknown): void {
    this.counts.in += 1
    if (this.#running !== undefined) {
      this.#running = this.#running.then(() => this.#step(value))
      return
    }
    const running = this.#step(value)
    if (running !== undefined) this.#run(running)
  }

  reject(rejected: Rejected): void {
    this.counts.rejected += 1
    const take = () => this.#guard(() => this.#instance.reject?.(rejected), undefined)
    if (this.#running !== undefined) {
      this.#running = this.#running.then(take)
      return
    }
    const running = take()
    if (running !== undefined) this.#run(running)
  }

  flush(): void {
    const instance = this.#instance
    if (instance.flush === undefined || this.#stopped) return
    const running = this.#guard(() => instance.flush?.(this.#emit), undefined)
    if (running !== undefined) this.#run(running)
  }

  async idle(): Promise<void> {
    while (this.#running !== undefined) {
      const running = this.#running
      await running
      if (this.#running === running) this.#running = undefined
    }
  }

  #run(running: Promise<void>): void {
    this.#running = running
    this.#chain.busy()
  }

  #save(): unknown {
    let state: unknown
    try {
      state = this.#instance.save?.()
    } catch (error) {
      throw this.#error(error, undefined, 'save()')
    }
    try {
      return state === undefined ? undefined : plainJson(state, 'what save() returns')
    } catch (error) {
      throw this.#error(error)
    }
  }

  #restore(state: unknown): void {
    try {
      if (this.#instance.restore === undefined)
        throw new TypeError('there is a saved state, and none to take it')
      this.#instance.restore(state)
    } catch (error) {
      throw this.#error(error, undefined, 'restore()')
    }
  }

  #create(): OwnInstance<unknown, unknown> {
    let instance: OwnInstance<unknown, unknown> | undefined
    try {
      instance = this.definition.create() as OwnInstance<unknown, unknown> | undefined
    } catch (error) {
      throw this.#error(error)
    }
    if (typeof instance?.step === 'function') return instance
    throw this.#error(new TypeError('create() returned no object with a step'))
  }

  /** Calls the user's step; never throws or rejects, a failure goes to the chain. */
  #step(value: unknown): Promise<void> | undefined {
    if (this.#stopped) {
      this.counts.unused += 1
      return undefined
    }
    this.#open = true
    try {
      const result = this.#instance.step(value, this.#emit)
      if (result !== undefined) return this.#conclude(result, value)
      this.#open = false
    } catch (error) {
      this.#fail(error, value)
    }
    return undefined
  }

  /** The same for other code of the user's. */
  #guard(code: () => unknown, value: unknown): Promise<void> | undefined {
    this.#open = true
    try {
      return this.#conclude(code(), value)
    } catch (error) {
      this.#fail(error, value)
      return undefined
    }
  }

  #conclude(result: unknown, value: unknown): Promise<void> | undefined {
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        settled => this.#end(settled, value),
        error => this.#fail(error, value),
      )
    }
    this.#end(result, value)
    return undefined
  }

  #end(result: unknown, value: unknown): void {
    this.#open = false
    if (result === done) {
      this.counts.ended = true
      this.#chain.done()
    } else if (result !== undefined) {
      const what = result === null ? 'null' : `a value of type ${typeof result}`
      const hint = 'a step hands values on with emit(value); what it returns would be lost'
      this.#fail(new TypeError(`the step returned ${what}: ${hint}`), value)
    }
  }

  #fail(error: unknown, value: unknown): void {
    this.#open = false
    this.#chain.fail(this.#error(error, value))
  }

  readonly #emit: Emit<unknown> = value => {
    if (value === null || value === undefined) {
      throw new TypeError(
        `it emitted ${value}, which a Node stream can't carry; use filter to leave values out`,
      )
    }
    if (!this.#open) throw this.#late()
    this.counts.out += 1
    this.#next(value)
  }

  /** Nobody may be left to hand the value to: the run fails if it still goes on, and the caller hears of it. */
  #late(): LeadpipeError {
    const hint = 'an asynchronous step returns a promise that is settled when it has emitted everything'
    const error = this.#error(new TypeError(`it emitted a value after its step had ended; ${hint}`))
    this.#chain.fail(error)
    return error
  }

  #error(cause: unknown, value?: unknown, method?: string): LeadpipeError {
    return operatorError(this.name, cause, value, method)
  }
}
