import type { Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { type BranchOf, mapOutputs, type OnError } from '../engine/branches.ts'
import { Chain } from '../engine/Chain.ts'
import type { Definition } from '../engine/definition.ts'
import { explained } from '../engine/Outlet.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SinkOpening, SinkRun } from '../stage/SinkStage.ts'
import { writableOf } from './attachSink.ts'
import { pathError } from './Operator.ts'
import { type SinkCounts, SinkWritable } from './SinkWritable.ts'
import { isStandard, outputError } from './userStreams.ts'
import { WritableRun } from './writableSink.ts'

/** A sink as the user gives it. */
export type GivenSink = Writable | WritableStream

/** An output as the user gives it: a sink, or the path of an operator's side output. */
export type GivenOutput = GivenSink | string

/** The branches of a {@link BranchedSink}. */
const branchesOf: unique symbol = Symbol('leadpipe.branches')

/** The sinks that the branches of a {@link BranchedSink} end in, and those below. */
const below: unique symbol = Symbol('leadpipe.below')

/**
 * A sink with branches, each of which gets every record. Made by `tee()` and `branch()`. `run` uses the branches instead,
 * and the stream only listens.
 */
export class BranchedSink<In> extends SinkWritable<In> {
  readonly [branchesOf]: readonly BranchOf<GivenOutput>[]
  readonly [below]: readonly GivenSink[]

  /** @param sinks the sinks that the branches end in */
  constructor(branches: readonly BranchOf<GivenOutput>[], sinks: readonly GivenSink[]) {
    const streams = sinks.flatMap(streamsOf)
    super(
      { name: 'tee', open: opening => BranchedRun.open(branches, opening) },
      { destroyUnopened: () => streams.forEach(destroy) },
    )
    this[branchesOf] = branches
    this[below] = streams
  }

  /** The sums of the counts of its sinks. A Writable of your own is not counted. */
  override get counts(): Readonly<SinkCounts> {
    const sums = { received: 0, acknowledged: 0, bytes: 0 }
    for (const sink of this[below]) {
      if (sink instanceof BranchedSink || !(sink instanceof SinkWritable)) continue
      sums.received += sink.counts.received
      sums.acknowledged += sink.counts.acknowledged
      sums.bytes += sink.counts.bytes
    }
    return sums
  }
}

function destroy(sink: GivenSink): void {
  if (sink instanceof WritableStream) sink.abort().catch(() => {})
  else if (!isStandard(sink)) sink.destroy()
}

/** The streams of a sink: itself, and for a sink with branches those that are below it. */
export const streamsOf = (sink: GivenSink): readonly GivenSink[] =>
  sink instanceof BranchedSink ? [sink, ...sink[below]] : [sink]

/** Operators, and the sink after them, as a branch. */
export function branchTo(
  definitions: readonly Definition[],
  sink: GivenSink,
  onError: OnError = 'fail',
): BranchOf<GivenOutput> {
  const side = definitions.map(definition => ('outputs' in definition ? definition.outputs : undefined))
  return sink instanceof BranchedSink
    ? { definitions, side, branches: sink[branchesOf], onError }
    : { definitions, side, sink, branches: [], onError }
}

/** The outputs of a `tee` as branches. One that has branches itself is replaced by them: they get the same records. */
export const branchesTo = (sink: GivenSink): readonly BranchOf<GivenOutput>[] =>
  sink instanceof BranchedSink ? sink[branchesOf] : [branchTo([], sink)]

/** A sink, and the user's error for a failure of it. */
interface OpenOutput {
  readonly run: SinkRun
  explain(error: unknown): Error
}

/** One use of a sink with branches in a plain pipeline. The sinks of the branches are streams like any other. */
class BranchedRun implements SinkRun {
  readonly #chain: Chain
  readonly #outputs: readonly OpenOutput[]

  private constructor(chain: Chain, outputs: readonly OpenOutput[]) {
    this.#chain = chain
    this.#outputs = outputs
  }

  /**
   * @throws {LeadpipeError} OPTION for what only `run` can do: to report a branch that is dropped, and to open the path of
   * a side output. OPERATOR when an operator can't be created.
   */
  static async open(branches: readonly BranchOf<GivenOutput>[], { fail }: SinkOpening): Promise<BranchedRun> {
    refuseDrop(branches)
    const outputs: OpenOutput[] = []
    const all = { definitions: [], side: [], branches, onError: 'fail' } as const
    const main = mapOutputs(all, (given: GivenOutput, place) => {
      if (typeof given === 'string') throw pathError(place.operator as string, place.output as string, given)
      const explain = outputError(place)
      const run = new WritableRun(writableOf(given), error => fail(explain(error)))
      // As in any plain pipeline, a side output is not ended with its operator.
      if (place.output === undefined) outputs.push({ run, explain })
      return explained(run, explain)
    })
    return new BranchedRun(new Chain(main, { done() {}, failed: fail }), outputs)
  }

  /** Records after every branch is done are read and dropped: a Writable can't stop its input. */
  write(record: unknown): void | Promise<void> {
    return this.#chain.receive(record)
  }

  async prepare(): Promise<void> {
    await this.#chain.flush()
    for (const { run, explain } of this.#outputs) {
      await run.prepare().catch(error => {
        throw explain(error)
      })
    }
  }

  async commit(): Promise<void> {
    for (const { run } of this.#outputs) await run.commit()
  }

  async end(): Promise<void> {
    this.#chain.stop()
    for (const { run } of this.#outputs) await run.end('discard')
  }
}

function refuseDrop(branches: readonly BranchOf<GivenOutput>[]): void {
  for (const { onError, branches: inner } of branches) {
    if (onError === 'drop') {
      const expected = '"fail" in a plain pipeline, because only run() reports that a branch was dropped'
      throw optionError({ owner: 'branch()', option: 'onError', expected, received: JSON.stringify(onError) })
    }
    refuseDrop(inner)
  }
}
