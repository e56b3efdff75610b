import { LeadpipeError } from '../../errors.ts'
import type { OperatorMark } from '../../model/Mark.ts'
import { messageOf } from '../../model/messageOf.ts'
import type { Rejected } from '../../model/Rejected.ts'
import type { OperatorCounts } from './Chain.ts'
import { done, type Emit, type OwnInstance, type OwnStepDefinition } from './definition.ts'
import { isThenable } from './isThenable.ts'
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

/**
 * What a mark is told among the counts of an operator, and no report: the elements that it took although they
 * are no leads, and whether it said `done`. They are no names that an operator would give to counts of its own.
 */
const rejectedCount = 'elements that are no leads'
const doneCount = 'times that it wanted no more'

/** One operator in a chain: calls the user's code, counts, and turns what it throws into OPERATOR errors. */
export class Link {
  readonly definition: OwnStepDefinition<never, unknown>
  readonly #instance: OwnInstance<unknown, unknown>
  readonly name: string
  /** Elements that it took although they are no leads. */
  rejected = 0
  /** Whether it said that it wants no more. */
  ended = false
  readonly #next: Emit<unknown>
  readonly #chain: Listener
  #in = 0
  #out = 0
  #unused = 0
  /** What to add to its own counts so that they go on from those before a restart. */
  #before: Readonly<Record<string, number>> = {}
  #stopped = false
  /** Whether the step (or flush) is under way, so that it may emit. */
  #open = false
  #running: Promise<void> | undefined

  constructor(definition: OwnStepDefinition<never, unknown>, next: Emit<unknown>, chain: Listener) {
    this.definition = definition
    this.name = definition.name
    this.#next = next
    this.#chain = chain
    this.#instance = this.#create(definition)
  }

  /** Whether it takes elements that are no leads. */
  get takesRejected(): boolean {
    return this.definition.takesRejected === true
  }

  /** Why it can't run with a checkpoint; undefined when it can. */
  get unsavedState(): string | undefined {
    return unsavedState(this.definition, this.#instance)
  }

  get counts(): OperatorCounts {
    const own = this.#ownCounts()
    for (const [name, before] of Object.entries(this.#before)) {
      const since = own[name] ?? 0
      if (typeof since === 'number') own[name] = since + before
    }
    const counts: OperatorCounts = { name: this.name, in: this.#in, out: this.#out, ...own }
    if (this.#unused > 0) counts.unused = this.#unused
    return counts
  }

  /** What it needs to go on from here: a copy, since the operator goes on while the mark is under way. */
  mark(): OperatorMark {
    const { name, ...counts } = this.counts
    const numbers = Object.entries({
      ...counts,
      ...(this.rejected === 0 ? {} : { [rejectedCount]: this.rejected }),
      ...(this.ended ? { [doneCount]: 1 } : {}),
    }).filter((entry): entry is [string, number] => Number.isFinite(entry[1]))
    const state = this.#save()
    return { name, ...(state === undefined ? {} : { state }), counts: Object.fromEntries(numbers) }
  }

  restore({ state, counts }: OperatorMark): void {
    if (state !== undefined) this.#restore(state)
    const {
      in: into = 0,
      out = 0,
      unused = 0,
      [rejectedCount]: rejected = 0,
      [doneCount]: dones = 0,
      ...before
    } = counts
    this.#in += into
    this.#out += out
    this.#unused += unused
    this.rejected += rejected
    this.ended = dones > 0
    // Some operators take up their counts with their state, others begin with 0.
    const taken = this.#ownCounts()
    this.#before = Object.fromEntries(
      Object.entries(before).map(([name, count]) => [name, count - (Number(taken[name]) || 0)]),
    )
  }

  stop(): void {
    this.#stopped = true
  }

  receive(value: unknown): void {
    this.#in += 1
    if (this.#running !== undefined) {
      this.#running = this.#running.then(() => this.#step(value))
      return
    }
    const running = this.#step(value)
    if (running !== undefined) this.#run(running)
  }

  reject(rejected: Rejected): void {
    this.rejected += 1
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

  /** Without the names that the chain's counts have. */
  #ownCounts(): Record<string, string | number> {
    try {
      const { name, in: into, out, unused, ...own } = { ...this.#instance.counts?.() }
      return own
    } catch (error) {
      throw this.#wrap(error, undefined)
    }
  }

  #save(): unknown {
    let state: unknown
    try {
      state = this.#instance.save?.()
    } catch (error) {
      throw this.#wrap(error, undefined, 'save()')
    }
    try {
      return state === undefined ? undefined : plainJson(state, 'what save() returns')
    } catch (error) {
      throw this.#wrap(error, undefined)
    }
  }

  #restore(state: unknown): void {
    try {
      if (this.#instance.restore === undefined)
        throw new TypeError('there is a saved state, and none to take it')
      this.#instance.restore(state)
    } catch (error) {
      throw this.#wrap(error, undefined, 'restore()')
    }
  }

  #create(definition: OwnStepDefinition<never, unknown>): OwnInstance<unknown, unknown> {
    let instance: OwnInstance<unknown, unknown> | undefined
    try {
      instance = definition.create() as OwnInstance<unknown, unknown> | undefined
    } catch (error) {
      throw this.#wrap(error, undefined)
    }
    if (typeof instance?.step === 'function') return instance
    throw this.#wrap(new TypeError('create() returned no object with a step'), undefined)
  }

  /** Calls the user's step; never throws or rejects, a failure goes to the chain. */
  #step(value: unknown): Promise<void> | undefined {
    if (this.#stopped) {
      this.#unused += 1
      return undefined
    }
    this.#open = true
    try {
      const result = this.#instance.step(value, this.#emit)
      if (result !== undefined) return this.#conclude(result, value)
      this.#open = false
    } catch (error) {
      this.#reject(error, value)
    }
    return undefined
  }

  /** The same for other code of the user's. */
  #guard(code: () => unknown, value: unknown): Promise<void> | undefined {
    this.#open = true
    try {
      return this.#conclude(code(), value)
    } catch (error) {
      this.#reject(error, value)
      return undefined
    }
  }

  #conclude(result: unknown, value: unknown): Promise<void> | undefined {
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        settled => this.#end(settled, value),
        error => this.#reject(error, value),
      )
    }
    this.#end(result, value)
    return undefined
  }

  #end(result: unknown, value: unknown): void {
    this.#open = false
    if (result === done) {
      this.ended = true
      this.#chain.done()
    } else if (result !== undefined) {
      const what = result === null ? 'null' : `a value of type ${typeof result}`
      const hint = 'a step hands values on with emit(value); what it returns would be lost'
      this.#reject(new TypeError(`the step returned ${what}: ${hint}`), value)
    }
  }

  #reject(error: unknown, value: unknown): void {
    this.#open = false
    this.#chain.fail(this.#wrap(error, value))
  }

  readonly #emit: Emit<unknown> = value => {
    if (value === null || value === undefined) {
      throw new TypeError(
        `it emitted ${value}, which a Node stream can't carry; use filter to leave values out`,
      )
    }
    if (!this.#open) throw this.#late()
    this.#out += 1
    this.#next(value)
  }

  /** Nobody may be left to hand the value to: the run fails if it still goes on, and the caller hears of it. */
  #late(): LeadpipeError {
    const hint = 'an asynchronous step returns a promise that is settled when it has emitted everything'
    const error = this.#wrap(new TypeError(`it emitted a value after its step had ended; ${hint}`), undefined)
    this.#chain.fail(error)
    return error
  }

  #wrap(cause: unknown, value: unknown, method?: string): LeadpipeError {
    if (cause instanceof LeadpipeError) return cause
    const guid = (value as { guid?: unknown } | null | undefined)?.guid
    const where = typeof guid === 'string' ? `, lead ${guid}` : ''
    const what = method === undefined ? '' : `${method}: `
    return new LeadpipeError('OPERATOR', `${this.name}${where}: ${what}${messageOf(cause)}`, {
      cause,
      context: { operator: this.name, ...(where === '' ? {} : { guid }) },
    })
  }
}
