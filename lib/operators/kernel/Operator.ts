import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { LeadpipeError } from '../../errors.ts'
import { optionError } from '../../model/checkOptions.ts'
import type { OperatorMark } from '../../model/Mark.ts'
import { Chain } from './Chain.ts'
import type { Definition, OwnStepDefinition } from './definition.ts'
import type { OperatorCounts } from './OperatorCounts.ts'

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
  #told = false

  /**
   * @param definitions the recipe
   * @param onDone called once when a step says that it wants no more (not when that was said before a restart:
   * see `done`). Without it the rest of the input is read and left out: a Transform can't stop what comes
   * before it.
   */
  constructor(definitions: readonly Definition[], onDone?: () => void) {
    super({ objectMode: true })
    this.definitions = definitions
    this.#onDone = onDone
    this.on('pipe', source => this.#claim(source))
  }

  /** What went through each operator so far, before a restart included. */
  get counts(): OperatorCounts[] {
    return this.#chain?.counts ?? this.definitions.map(({ name }) => ({ name, in: 0, out: 0 }))
  }

  /** Elements that were no leads so far, before a restart included. */
  get rejected(): number {
    return this.#chain?.rejected ?? 0
  }

  /** Whether a step said that it wants no more, here or before a restart. */
  get done(): boolean {
    return this.#chain?.done ?? false
  }

  /**
   * Why the operators can't run with a checkpoint, and what to do about it; undefined when they can. Makes
   * their instances, which are then used.
   *
   * @throws {LeadpipeError} OPERATOR when an instance can't be made.
   */
  get unsavedState(): string | undefined {
    return this.#started().unsavedState
  }

  /**
   * Goes on from what the operators told a mark, before the first value. When `done` is true then, nothing need
   * be written.
   *
   * @param saved one entry for each definition
   * @throws {LeadpipeError} CHECKPOINT when they are of other operators; OPERATOR when an instance can't be made
   * or does not take its state.
   */
  restore(saved: readonly OperatorMark[]): void {
    this.#started().restore(saved)
    this.#told = this.done
  }

  /** As of any Writable, but refuses a second use: a `pipeline` from an iterable is not told by `pipe`. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (this.writableEnded) throw this.#used()
    return super.write(chunk, encoding as BufferEncoding, callback as () => void)
  }

  /** The same. */
  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (this.writableFinished && this.closed) throw this.#used()
    return super.end(chunk, encoding as BufferEncoding, callback as () => void)
  }

  override _transform(value: unknown, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#finish(() => this.#started().write(value), callback)
  }

  override _flush(callback: TransformCallback): void {
    this.#finish(() => this.#started().flush(), callback)
  }

  /** A Transform that was used once hangs when it is used again, without an error: say so instead. */
  #claim(source: Readable): void {
    if (this.#piped || this.writableEnded) {
      // The values of one pipeline must not get into the other.
      source.unpipe(this)
      throw this.#used()
    }
    this.#piped = true
  }

  #used(): LeadpipeError {
    const names = this.definitions.map(({ name }) => name).join(' + ')
    return optionError(names, 'a stream can be used in one pipeline only; make a new operator for each')
  }

  #started(): Chain {
    if (this.#chain !== undefined) return this.#chain
    const steps = this.definitions.filter(
      (part): part is OwnStepDefinition<never, unknown> => 'create' in part,
    )
    if (steps.length !== this.definitions.length) {
      throw new LeadpipeError(
        'OPTION',
        'transform() is for run(); in a plain pipeline, use the stream itself in its place',
        { context: { owner: 'transform()' } },
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

  #return(callback: TransformCallback): void {
    if (this.#onDone !== undefined && !this.#told && this.#chain?.done) {
      this.#told = true
      this.#onDone()
    }
    callback()
  }
}
