import { Transform, type TransformCallback } from 'node:stream'
import { LeadpipeError } from '../../errors.ts'
import { Chain, type OperatorCounts } from './Chain.ts'
import type { Definition, StepDefinition } from './definition.ts'

declare const flow: unique symbol

/**
 * One operator or several fused ones, as a Transform that carries its own recipe.
 *
 * In a plain `pipeline` the stream itself is used, once. `run` and `compose` only take the recipe, any
 * number of times, and fuse neighbours into one stream.
 */
export class Operator<In, Out> extends Transform {
  /** What the operator takes and gives; exists for the compiler only. */
  declare readonly [flow]?: (value: In) => Out
  /** The recipe, one entry an operator. */
  readonly definitions: readonly Definition[]
  readonly #onDone: (() => void) | undefined
  #chain: Chain | undefined
  #piped = false

  /**
   * @param definitions the recipe
   * @param onDone called once when a step says that it wants no more. Without it the rest of the input is
   * read and left out: a Transform can't stop what comes before it.
   */
  constructor(definitions: readonly Definition[], onDone?: () => void) {
    super({ objectMode: true })
    this.definitions = definitions
    this.#onDone = onDone
    this.on('pipe', () => this.#claim())
  }

  /** What went through each operator so far. */
  get counts(): OperatorCounts[] {
    return this.#chain?.counts ?? this.definitions.map(({ name }) => ({ name, in: 0, out: 0 }))
  }

  override _transform(value: unknown, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#finish(() => this.#started().write(value), callback)
  }

  override _flush(callback: TransformCallback): void {
    this.#finish(() => this.#started().flush(), callback)
  }

  /** A Transform that was used once hangs when it is used again, without an error: say so instead. */
  #claim(): void {
    if (this.#piped || this.writableEnded) {
      throw new LeadpipeError(
        'OPTION',
        `${this.#names()}: a stream can be used in one pipeline only; make a new operator for each`,
        { context: { operator: this.#names() } },
      )
    }
    this.#piped = true
  }

  #started(): Chain {
    if (this.#chain !== undefined) return this.#chain
    const steps = this.definitions.filter((part): part is StepDefinition<never, unknown> => 'create' in part)
    if (steps.length !== this.definitions.length) {
      throw new LeadpipeError(
        'OPTION',
        'transform() is for run(); in a plain pipeline, use the stream itself in its place',
      )
    }
    this.#chain = new Chain(steps, value => this.push(value))
    return this.#chain
  }

  #finish(action: () => void | Promise<void>, callback: TransformCallback): void {
    try {
      const result = action()
      if (result === undefined) this.#return(callback)
      else result.then(() => this.#return(callback), callback)
    } catch (error) {
      callback(error as Error)
    }
  }

  #told = false

  #return(callback: TransformCallback): void {
    if (this.#onDone !== undefined && !this.#told && this.#chain?.done) {
      this.#told = true
      this.#onDone()
    }
    callback()
  }

  #names(): string {
    return this.definitions.map(({ name }) => name).join(' + ')
  }
}
