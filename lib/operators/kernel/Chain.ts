import { LeadpipeError } from '../../errors.ts'
import { done, type Emit, type OperatorInstance, type StepDefinition } from './definition.ts'

/** What went through one operator. */
export interface OperatorCounts {
  name: string
  /** Values that reached it. */
  in: number
  /** Values that it emitted. */
  out: number
  /** Numbers of its own, for example `skipped`. */
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

  constructor(definitions: readonly StepDefinition<never, unknown>[], output: Emit<unknown>) {
    const links: Link[] = []
    let next: Emit<unknown> = output
    for (const definition of definitions.toReversed()) {
      const link = new Link(definition, next, error => this.#fail(error))
      next = value => link.receive(value)
      links.unshift(link)
    }
    this.#links = links
  }

  #failure: { error: unknown } | undefined

  /** Whether a step said that it wants no more. */
  get done(): boolean {
    return this.#links.some(link => link.done)
  }

  /** What went through each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.#links.map(link => link.counts)
  }

  /** Takes one value; resolves (or returns) when everything that it gave rise to was handed on. */
  write(value: unknown): void | Promise<void> {
    this.#links[0]?.receive(value)
    return this.#settled()
  }

  /** Says that there is no more; operators hand on what they held back, first to last. */
  async flush(): Promise<void> {
    const first = this.#links.findLastIndex(link => link.done) + 1
    for (const link of this.#links.slice(first)) {
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

  #settled(): void | Promise<void> {
    if (this.#links.some(link => link.busy)) return this.#settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #settle(): Promise<void> {
    // A step that comes to its end may make a later one busy, never an earlier one: one pass is enough.
    for (const link of this.#links) await link.idle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    for (const link of this.#links) link.stop()
  }
}

/** One operator in a chain. */
class Link {
  readonly instance: OperatorInstance<unknown, unknown>
  readonly #name: string
  readonly #next: Emit<unknown>
  readonly #fail: (error: unknown) => void
  #in = 0
  #out = 0
  #stopped = false
  #running: Promise<void> | undefined
  /** Whether the step said that it wants no more. */
  done = false

  constructor(
    definition: StepDefinition<never, unknown>,
    next: Emit<unknown>,
    fail: (error: unknown) => void,
  ) {
    this.instance = definition.create() as OperatorInstance<unknown, unknown>
    this.#name = definition.name
    this.#next = next
    this.#fail = fail
  }

  get counts(): OperatorCounts {
    return { name: this.#name, in: this.#in, out: this.#out, ...this.instance.counts?.() }
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  stop(): void {
    this.#stopped = true
  }

  receive(value: unknown): void {
    this.#in += 1
    if (this.#running !== undefined) this.#running = this.#running.then(() => this.#step(value))
    else this.#running = this.#step(value)
  }

  flush(): void {
    const { flush } = this.instance
    if (flush !== undefined) this.#running = this.#guard(() => flush.call(this.instance, this.#emit))
  }

  async idle(): Promise<void> {
    while (this.#running !== undefined) {
      const running = this.#running
      await running
      if (this.#running === running) this.#running = undefined
    }
  }

  #step(value: unknown): Promise<void> | undefined {
    return this.#guard(() => this.instance.step(value, this.#emit), value)
  }

  /** Runs the user's code; never throws or rejects, a failure goes to the chain. */
  #guard(code: () => unknown, value?: unknown): Promise<void> | undefined {
    if (this.done || this.#stopped) return undefined
    try {
      const result = code()
      if (!isThenable(result)) {
        this.#conclude(result, value)
        return undefined
      }
      return Promise.resolve(result).then(
        settled => this.#conclude(settled, value),
        error => this.#fail(this.#wrap(error, value)),
      )
    } catch (error) {
      this.#fail(this.#wrap(error, value))
      return undefined
    }
  }

  #conclude(result: unknown, value: unknown): void {
    if (result === undefined) return
    if (result === done) {
      this.done = true
      return
    }
    const hint = 'a step hands values on with emit(value); what it returns would be lost'
    this.#fail(this.#wrap(new TypeError(`the step returned a ${typeof result}: ${hint}`), value))
  }

  readonly #emit: Emit<unknown> = value => {
    if (value === null || value === undefined) {
      throw new TypeError(
        `it emitted ${value}, which a Node stream can't carry; use filter to leave values out`,
      )
    }
    this.#out += 1
    this.#next(value)
  }

  #wrap(cause: unknown, value: unknown): LeadpipeError {
    if (cause instanceof LeadpipeError) return cause
    const guid = (value as { guid?: unknown } | undefined)?.guid
    const where = typeof guid === 'string' ? `, lead ${guid}` : ''
    const why = cause instanceof Error ? cause.message : String(cause)
    return new LeadpipeError('OPERATOR', `${this.#name}${where}: ${why}`, {
      cause,
      context: { operator: this.#name, ...(where === '' ? {} : { guid }) },
    })
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
