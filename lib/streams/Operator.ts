import { type Readable, Stream, Transform, type TransformCallback } from 'node:stream'
import { type Deferred, deferred } from '../async/promises.ts'
import { branchOf } from '../engine/branches.ts'
import { Chain } from '../engine/Chain.ts'
import type { Definition, OperatorCounts, SideOutputs } from '../engine/definition.ts'
import { explained, type Target } from '../engine/Outlet.ts'
import { describe, type LeadpipeError } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { type kind, recipe } from './attach.ts'
import { streamError } from './userStreams.ts'
import { WritableRun } from './writableSink.ts'

declare const flow: unique symbol

/**
 * One operator or several fused ones, as a Transform that carries its own recipe.
 *
 * In a plain `pipeline` the stream itself is used, once. `run` and `compose` use only the recipe, any number of
 * times.
 */
export class Operator<In, Out> extends Transform {
  /** The input and output types; exists for the compiler only. */
  declare readonly [flow]?: (value: In) => Out
  /** Exists for the compiler only. */
  declare readonly [kind]?: 'operator'
  readonly #definitions: readonly Definition[]
  #chain: Chain | undefined
  #isPiped = false
  /** Settles when the reader has room again. */
  #room: Deferred<void> | undefined

  constructor(definitions: readonly Definition[]) {
    super({ objectMode: true })
    this.#definitions = definitions
    this.on('pipe', source => this.#claim(source))
  }

  get [recipe](): readonly Definition[] {
    return this.#definitions
  }

  /** The counts of each operator so far. */
  get counts(): OperatorCounts[] {
    return this.#chain?.counts ?? this.#definitions.map(({ name }) => ({ name, in: 0, out: 0, own: {} }))
  }

  /** Like `write` of any Writable, but refuses a second use: a `pipeline` from an iterable does not emit 'pipe'. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (this.writableEnded) throw this.#used()
    return super.write(chunk, encoding as BufferEncoding, callback as () => void)
  }

  /** Like `end` of any Writable, but refuses a second use. */
  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (this.writableFinished && this.closed) throw this.#used()
    return super.end(chunk, encoding as BufferEncoding, callback as () => void)
  }

  /** Values after an operator that wants no more are read and dropped: a Transform can't stop its input. */
  override _transform(value: unknown, _encoding: BufferEncoding, callback: TransformCallback): void {
    settle(() => this.#started().receive(value), callback)
  }

  override _flush(callback: TransformCallback): void {
    settle(() => this.#started().flush(), callback)
  }

  /** Called when the reader has room. */
  override _read(size: number): void {
    this.#room?.resolve()
    this.#room = undefined
    super._read(size)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#chain?.stop()
    super._destroy(error, callback)
  }

  /** A Transform that was used once hangs without an error when it is used again: throw an error instead. */
  #claim(source: Readable): void {
    if (this.#isPiped || this.writableEnded) {
      // The values of one pipeline must not get into the other.
      source.unpipe(this)
      throw this.#used()
    }
    this.#isPiped = true
  }

  #used(): LeadpipeError {
    return optionError({
      owner: 'pipeline()',
      expected: 'an operator that was not used before',
      received: describeStage(this),
      remedy: 'create a new one for each pipeline',
    })
  }

  #started(): Chain {
    this.#chain ??= this.#start()
    return this.#chain
  }

  #start(): Chain {
    if (this.#definitions.some(part => 'createStream' in part)) {
      throw optionError({
        owner: 'pipeline()',
        expected: 'operators other than transform(), which needs run()',
        received: describeStage(this),
        remedy: 'use the stream, or the generator function, in place of transform()',
      })
    }
    const target: Target = {
      write: value => this.#push(value),
    }
    const fail = (error: unknown) => {
      this.destroy(error as Error)
    }
    const side = this.#definitions.map(part => sideTargets(part, fail))
    return new Chain(branchOf(this.#definitions, target, side), { done() {}, failed: fail })
  }

  /** Values may also come after the callback of `_transform`: a Transform limits only those that come before it. */
  #push(value: unknown): Promise<void> | undefined {
    if (this.push(value)) return undefined
    this.#room ??= deferred()
    return this.#room.promise
  }
}

/**
 * The side outputs of an operator in a plain pipeline, which are not ended with it.
 *
 * @param fail called with the user's error when one fails while nobody waits for it
 * @throws {LeadpipeError} OPTION for a path, which only `run` opens
 */
function sideTargets(
  definition: Definition,
  fail: (error: unknown) => void,
): SideOutputs<Target> | undefined {
  if (!('create' in definition) || definition.outputs === undefined) return undefined
  const opened = Object.entries(definition.outputs).map(([name, output]) => {
    if (typeof output === 'string') throw pathError(definition.name, name, output)
    const explain = (error: unknown) => streamError('SINK', `the ${name}`, error)
    return [name, explained(new WritableRun(output, error => fail(explain(error))), explain)]
  })
  return Object.fromEntries(opened)
}

/** Whether a value is an operator, or several fused ones. */
export const isOperator = (value: unknown): value is Operator<unknown, unknown> => value instanceof Operator

/** The error for the path of a side output in a plain pipeline. */
export function pathError(operator: string, name: string, path: string): LeadpipeError {
  return optionError({
    owner: `${operator}()`,
    option: name,
    expected: 'an object-mode Writable in a plain pipeline, because only run() opens a path',
    received: JSON.stringify(path),
    remedy: `give toFile(${JSON.stringify(path)})`,
  })
}

function settle(action: () => void | Promise<void>, callback: TransformCallback): void {
  try {
    const result = action()
    if (result === undefined) callback()
    else result.then(() => callback(), callback)
  } catch (error) {
    callback(error as Error)
  }
}

/** A short description of a stage, or of a wrong argument for one: for a stream its name, not its inner state. */
export function describeStage(stage: unknown): string {
  if (stage instanceof Operator) {
    return `the operator ${stage[recipe].map(({ name }) => name).join(' + ')}`
  }
  return stage instanceof Stream ? `a stream (${stage.constructor.name})` : describe(stage)
}
