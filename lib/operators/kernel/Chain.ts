import { LeadpipeError } from '../../errors.ts'
import { Mark, type OperatorMark } from '../../model/Mark.ts'
import { Rejected } from '../../model/Rejected.ts'
import type { Emit, OwnStepDefinition } from './definition.ts'
import { Link } from './Link.ts'
import type { OperatorCounts } from './OperatorCounts.ts'

/**
 * Neighbouring operators fused: each emitted value goes straight into the next step, without a stream in
 * between. Steps are called one value at a time; as long as they are synchronous, so is the whole chain.
 * What one asynchronous step holds up is no more than what one value gave rise to, because the stream around
 * the chain waits for it before it hands in the next.
 */
export class Chain {
  readonly #links: readonly Link[]
  readonly #output: Emit<unknown>
  #failure: { error: unknown } | undefined
  #busy = false
  #done = false

  constructor(definitions: readonly OwnStepDefinition<never, unknown>[], output: Emit<unknown>) {
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
    this.#output = output
  }

  /** Whether a step said that it wants no more. */
  get done(): boolean {
    return this.#done
  }

  /** What went through each operator, in order. */
  get counts(): OperatorCounts[] {
    return this.#links.map(link => link.counts.total)
  }

  /** Elements that are no leads; they go past every operator but the one that takes them. */
  get rejected(): number {
    return this.#links.reduce((sum, link) => sum + link.counts.rejected, 0)
  }

  /** Why the operators can't run with a checkpoint; undefined when they can. */
  get unsavedState(): string | undefined {
    return this.#links.map(link => link.unsavedState).find(why => why !== undefined)
  }

  /**
   * Takes one value; resolves (or returns) when everything that it gave rise to was handed on. A mark goes past
   * the operators, and takes along what each needs to go on from there.
   */
  write(value: unknown): void | Promise<void> {
    if (value instanceof Mark) return this.#pass(value)
    if (value instanceof Rejected) this.#hand(value)
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

  /**
   * Goes on from what the operators told a mark, before the first value: with their states, their counts, and
   * wanting no more where that was so.
   *
   * @throws {LeadpipeError} CHECKPOINT when the mark is of other operators; OPERATOR when one does not take its
   * state.
   */
  restore(saved: readonly OperatorMark[]): void {
    const [theirs, ours] = [saved, this.#links].map(parts => parts.map(({ name }) => name).join(', '))
    if (theirs !== ours) {
      const message = `the checkpoint is of other operators: it has ${theirs || 'none'}, the run has ${ours}`
      throw new LeadpipeError('CHECKPOINT', message, { context: { saved: theirs, expected: ours } })
    }
    for (const [index, link] of this.#links.entries()) {
      link.restore(saved[index] as OperatorMark)
      if (link.counts.ended) this.#stopUpTo(index)
    }
  }

  #pass(mark: Mark): void | Promise<void> {
    const settled = this.#settled()
    return settled === undefined ? this.#tell(mark) : settled.then(() => this.#tell(mark))
  }

  #tell(mark: Mark): void {
    try {
      mark.operators.push(...this.#links.map(link => link.mark()))
      for (const { definition } of this.#links) definition.onMark?.(mark)
    } catch (error) {
      this.#fail(error)
      throw error
    }
    this.#output(mark)
  }

  #hand(rejected: Rejected): void {
    const taker = this.#links.find(link => link.takesRejected)
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
