import { Readable, Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { optionError } from '../options/checkOptions.ts'
import { streamsOf } from '../streams/BranchedSink.ts'
import { describeStage, isOperator } from '../streams/Operator.ts'
import { type GivenBranch, isStage, readBranch } from '../streams/readBranch.ts'
import type { BranchOfStages, Mistake, NoSink, Output, Unnumbered } from '../streams/stageTypes.ts'
import type { RunOptions } from './options.ts'

/** The arguments of `run`, sorted and checked. */
export interface RunArguments extends GivenBranch {
  source: Readable | Iterable<unknown> | AsyncIterable<unknown>
  options: unknown
}

/**
 * Sorts and checks the arguments of `run`.
 *
 * @throws {LeadpipeError} OPTION, naming the argument that is wrong.
 */
export function readArguments(given: readonly unknown[]): RunArguments {
  const stages = [...given]
  const options = stages.length < 2 || isStage(stages.at(-1)) ? undefined : stages.pop()
  const [source, ...rest] = stages
  if (!isSource(source)) {
    const expected = 'leads(), a Readable or an iterable'
    throw optionError({ owner, option: 'source', expected, received: describeStage(source) })
  }
  if (source instanceof Readable && (source.destroyed || source.readableDidRead)) {
    throw used('source', 'a stream that was not read before', source)
  }
  const { operators, sink } = readBranch(rest, owner, 2, options)
  for (const stream of streamsOf(sink)) {
    if (!(stream instanceof WritableStream) && (stream.destroyed || stream.writableEnded))
      throw used('sink', 'a stream that has not ended', stream)
  }
  return { source, operators, sink, options }
}

const owner = 'run()'

function isSource(value: unknown): value is RunArguments['source'] {
  if (value instanceof Readable) return !isOperator(value)
  if (typeof value !== 'object' || value === null || value instanceof Writable) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

const used = (option: string, expected: string, value: unknown) =>
  optionError({
    owner,
    option,
    expected,
    received: `${describeStage(value)} that was used`,
    remedy: 'create a new one for each run',
  })

/**
 * The types that the arguments of `run` should have had. In the place of a mistake, it is a type that no argument has,
 * and that says in words what is wrong: the compiler quotes it in its message. For the last signature of `run`, which
 * the compiler tries when no other one fits.
 */
export type Mistakes<Stages extends readonly unknown[]> = Stages extends never
  ? Stages // The compiler infers `Stages` from here.
  : number extends Stages['length']
    ? Unnumbered<'run(source, ...operators, sink, options?)'>
    : Stages extends readonly [infer First, infer Second, ...infer Rest]
      ? [AsSource<First>, ...BranchOfStages<[Second, ...Rest], Output<First>, RunOptions, 'run'>]
      : [Mistake<NoSink<'run'>>]

type NoSource = 'a run needs a source as its first stage: leads(), a Readable or an iterable'

type AsSource<Stage> = Stage extends AsyncIterable<unknown> | Iterable<unknown> ? Stage : Mistake<NoSource>
