import { LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../model/Rejected.ts'
import { done, type Emit, type OperatorInstance, type StepDefinition } from './definition.ts'
import { isThenable } from './isThenable.ts'
import { messageOf } from './messageOf.ts'

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

/**
 * Neighbouring operators fused: each emitted value goes straight into the next step, without a stream in
 * between. Steps are called one value at a time; as long as they are synchronous, so is the whole chain.
 * What one asynchronous step holds up is no more than what one value gave rise to, because the stream around
 * the chain waits for it before it hands in the next.
 */
export class Chain {
  readonly #links: readonly Link[]
  #failure: { error: unknown } | undefined
  #busy = false
  #done = false
  /** Elements that are no leads; they go past every operator but the one that takes them. */
  rejected = 0

  constructor(definitions: readonly StepDefinition<never, unknown>[], output: Emit<unknown>) {
    const links: Link[] = []
    let next: Emit<unknown> = output
    for (const [index, definition] of [...definitions.entries()].reverse()) {
      const link = new Link(definition, next, {
        busy: () => {
          this.#busy = true
        },
        done: () => this.#stopUpTo(index),
        fail: error => this.#fail(error),
      })
      next = value => link.receive(value)
      links.unshift(link)
    }
    this.#links = links
  }

  /** Whether a step said that it wants no more. */
  get done(): boolean {
    return this.#done
  }

  /** What went through each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.#links.map(link => link.counts)
  }

  /** Takes one value; resolves (or returns) when everything that it gave rise to was handed on. */
  write(value: unknown): void | Promise<void> {
    if (value instanceof Rejected) this.#reject(value)
    else this.#links[0]?.receive(value)
    return this.#settled()
  }

  /** Says that there is no more; operators hand on what they held back, first to last. */
  async flush(): Promise<void> {
    for (const link of this.#links) {
      link.flush()
      await this.#settled()
    }
  }

  /** The state of every operator, in order; undefined for those without. */
  save(): unknown[] {
    return this.#links.map(link => link.instance.save?.())
  }

  /** Takes what `save` returned. */
  restore(states: readonly unknown[]): void {
    for (const [index, link] of this.#links.entries()) {
      if (states[index] !== undefined) link.instance.restore?.(states[index])
    }
  }

  #reject(rejected: Rejected): void {
    this.rejected += 1
    const taker = this.#links.find(({ instance }) => instance.reject !== undefined)
    if (taker === undefined) this.#fail(new TypeError('no operator takes what is no lead'))
    else taker.reject(rejected)
  }

  #settled(): void | Promise<void> {
    if (this.#busy) return this.#settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #settle(): Promise<void> {
    // A step that comes to its end may make a later one busy, never an earlier one: one pass is enough.
    for (const link of this.#links) await link.idle()
    this.#busy = false
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Who wants no more needs nothing from those before it. */
  #stopUpTo(index: number): void {
    this.#done = true
    for (const link of this.#links.slice(0, index + 1)) link.stop()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    for (const link of this.#links) link.stop()
  }
}

/** What a link tells its chain. */
interface Listener {
  /** A step is asynchronous and goes on. */
  busy(): void
  /** The step said that it wants no more. */
  done(): void
  fail(error: unknown): void
}

/** One operator in a chain. */
class Link {
  readonly instance: OperatorInstance<unknown, unknown>
  readonly #name: string
  readonly #next: Emit<unknown>
  readonly #chain: Listener
  #in = 0
  #out = 0
  #unused = 0
  #stopped = false
  /** Whether the step (or flush) is under way, so that it may emit. */
  #open = false
  #running: Promise<void> | undefined

  constructor(definition: StepDefinition<never, unknown>, next: Emit<unknown>, chain: Listener) {
    this.#name = definition.name
    this.#next = next
    this.#chain = chain
    this.instance = this.#create(definition)
  }

  get counts(): OperatorCounts {
    const fixed = { name: this.#name, in: this.#in, out: this.#out }
    const unused = this.#unused === 0 ? {} : { unused: this.#unused }
    try {
      return Object.assign({}, fixed, this.instance.counts?.(), fixed, unused)
    } catch (error) {
      throw this.#wrap(error, undefined)
    }
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
    const take = () => this.#guard(() => this.instance.reject?.(rejected), undefined)
    if (this.#running !== undefined) {
      this.#running = this.#running.then(take)
      return
    }
    const running = take()
    if (running !== undefined) this.#run(running)
  }

  flush(): void {
    const { instance } = this
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

  #create(definition: StepDefinition<never, unknown>): OperatorInstance<unknown, unknown> {
    let instance: OperatorInstance<unknown, unknown> | undefined
    try {
      instance = definition.create() as OperatorInstance<unknown, unknown> | undefined
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
      const result = this.instance.step(value, this.#emit)
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
    if (result === done) this.#chain.done()
    else if (result !== undefined) {
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

  #wrap(cause: unknown, value: unknown): LeadpipeError {
    if (cause instanceof LeadpipeError) return cause
    const guid = (value as { guid?: unknown } | null | undefined)?.guid
    const where = typeof guid === 'string' ? `, lead ${guid}` : ''
    return new LeadpipeError('OPERATOR', `${this.#name}${where}: ${messageOf(cause)}`, {
      cause,
      context: { operator: this.#name, ...(where === '' ? {} : { guid }) },
    })
  }
}
