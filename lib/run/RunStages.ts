import { type BranchOf, definitionsOf, mapOutputs, type OutputPlace } from '../engine/branches.ts'
import type { Definition } from '../engine/definition.ts'
import { optionError } from '../options/checkOptions.ts'
import { FileSink } from '../sinks/file/FileSink.ts'
import { fileSettings } from '../sinks/file/options.ts'
import type { SinkStage } from '../stage/SinkStage.ts'
import type { SourceStage } from '../stage/SourceStage.ts'
import { type Attachment, recipe } from '../streams/attach.ts'
import { attachSide, attachSink } from '../streams/attachSink.ts'
import { attachSource } from '../streams/attachSource.ts'
import {
  BranchedSink,
  branchTo,
  type GivenOutput,
  type GivenSink,
  streamsOf,
} from '../streams/BranchedSink.ts'
import { describeStage } from '../streams/Operator.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import { outputError, streamError } from '../streams/userStreams.ts'
import type { RunArguments } from './readArguments.ts'

/** A sink of a run. Its owner is the operator or the sink that has it as a side output. */
export interface RunSink extends OutputPlace {
  readonly stream: GivenSink
  readonly attachment: Attachment<SinkStage>
  /** The user's error for a failure of this sink. */
  explain(error: unknown): Error
}

/** The stages of a run. */
export interface RunStages {
  readonly source: Attachment<SourceStage>
  /** The user's error for a failure of the source. */
  explainSource(error: unknown): unknown
  /** The operators and the sinks. */
  readonly main: BranchOf<RunSink>
  /**
   * The sinks of all branches in the order of the chain's outlets, then the side outputs of sinks. So each comes after its
   * owner.
   */
  readonly sinks: readonly RunSink[]
  /** The streams of sinks with branches: they only listen. */
  readonly faces: readonly Attachment<unknown>[]
}

/** The side output of a sink or an operator; undefined if it is not among the sinks. */
export const sideOutput = <S extends { readonly sink: OutputPlace }>(
  sinks: readonly S[],
  owner: string,
  output: string,
): S | undefined => sinks.find(({ sink }) => sink.owner === owner && sink.output === output)

/**
 * Turns the user's arguments into stages. From now on, leadpipe's own streams listen for misuse.
 *
 * @param failed called with the error that fails the run, when other code destroys or ends such a stream
 * @throws {LeadpipeError} OPTION when two operators write to the same output: one would replace the other's.
 */
export function runStages(
  { source, operators, sink }: RunArguments,
  failed: (error: unknown) => void,
): RunStages {
  const own = source instanceof SourceReadable ? source[recipe] : []
  const given = branchTo([...own, ...operators.flatMap(part => part[recipe])], sink)
  refuseSameOutput(given)
  const streams = mapOutputs(given, (output, { operator, output: option }) =>
    typeof output === 'string'
      ? new FileSink(
          output,
          fileSettings(output, { format: 'ndjson' }, { owner: `${operator}()`, option: option as string }),
        )
      : output,
  )
  const attached = attachSource(source, error => failed(sourceError(error)))
  refuseMissingFields(attached.stage, definitionsOf(given))
  const sinks: RunSink[] = []
  const main = mapOutputs(streams, (stream, place) => {
    const explain = outputError(place)
    const attachment = attachSink(stream, error => failed(explain(error)))
    const added = { ...place, stream, attachment, explain }
    sinks.push(added)
    return added
  })
  // Side outputs may have side outputs themselves, which are added at the end.
  for (const { id: owner, attachment } of sinks) {
    for (const [output, side] of Object.entries(attachment.outputs ?? {})) {
      const { explain, sink: stream } = side
      const attachment = attachSide(side, error => failed(explain(error)))
      sinks.push({ id: `${owner}/${output}`, stream, attachment, owner, output, explain })
    }
  }
  const branched = streamsOf(sink).filter(stream => stream instanceof BranchedSink)
  return {
    source: attached,
    explainSource: attached.stage.explains ? error => error : sourceError,
    main,
    sinks,
    faces: branched.map(stream => attachSink(stream, error => failed(sinkError(error)))),
  }
}

function refuseSameOutput(given: BranchOf<GivenOutput>): void {
  const seen = new Set<GivenOutput>()
  mapOutputs(given, (output, { operator, output: option = 'sink' }) => {
    if (seen.has(output)) {
      const owner = operator === undefined ? 'run()' : `${operator}()`
      const expected = 'a different destination for each operator'
      const shown = typeof output === 'string' ? JSON.stringify(output) : describeStage(output)
      throw optionError({ owner, option, expected, received: `${shown} for two of them` })
    }
    seen.add(output)
  })
}

/** An operator that needs a field which the query excludes would find nothing in any record. */
function refuseMissingFields({ lacks }: SourceStage, definitions: readonly Definition[]): void {
  for (const definition of definitions) {
    const lack =
      'needs' in definition && definition.needs !== undefined ? lacks?.[definition.needs] : undefined
    if (lack === undefined) continue
    const { name } = definition
    throw optionError({ ...lack, expected: `${lack.expected} for the operator ${name}()`, operator: name })
  }
}

const sourceError = (error: unknown) => streamError('SOURCE', 'the source', error)
const sinkError = (error: unknown) => streamError('SINK', 'the sink', error)
