import type { Writable } from 'node:stream'
import type { Definition, SideOutputs } from '../engine/definition.ts'
import { optionError } from '../options/checkOptions.ts'
import { FileSink } from '../sinks/file/FileSink.ts'
import { fileSettings } from '../sinks/file/options.ts'
import type { SinkRun, SinkStage } from '../stage/SinkStage.ts'
import type { SourceStage } from '../stage/SourceStage.ts'
import { type Attachment, recipe } from '../streams/attach.ts'
import { attachSide, attachSink } from '../streams/attachSink.ts'
import { attachSource } from '../streams/attachSource.ts'
import { describeStage } from '../streams/Operator.ts'
import { streamError } from '../streams/userStreams.ts'
import type { RunArguments } from './readArguments.ts'

/** A sink of a run. */
export interface RunSink {
  /** Its path in the run: `sink`, `sink/deadLetter`, `operators/0/quarantine`. */
  readonly id: string
  readonly attachment: Attachment<SinkStage>
  /** The path of the operator or the sink that has this sink as a side output; undefined for the sink at the end. */
  readonly owner?: string
  /** The name that its owner gives it. */
  readonly output?: string
  /** The user's error for a failure of this sink. */
  explain(error: unknown): Error
}

/** A sink that is open. */
export interface OpenSink extends RunSink {
  readonly run: SinkRun
}

/** The stages of a run. */
export interface RunStages {
  readonly source: Attachment<SourceStage>
  /** The user's error for a failure of the source. */
  explainSource(error: unknown): unknown
  readonly definitions: readonly Definition[]
  /**
   * The sink at the end, then the side outputs of operators, then those of sinks. So each comes after its owner, and
   * those that the chain writes to are in the order of its outlets.
   */
  readonly sinks: readonly [RunSink, ...RunSink[]]
}

/** The path of an operator in a run. */
export const operatorId = (index: number): string => `operators/${index}`

/** The side outputs of one operator or sink, by its own names for them. */
export const outputsOf = <S extends RunSink>(sinks: readonly S[], owner: string): Record<string, S> =>
  Object.fromEntries(sinks.filter(sink => sink.owner === owner).map(sink => [sink.output, sink]))

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
  const definitions = operators.flatMap(part => part[recipe])
  const side = definitions.flatMap((definition, index) =>
    Object.entries(declaredOutputs(definition)).map(([output, target]) => ({ index, output, target })),
  )
  const targets = side.map(({ target }) => target)
  const twice = targets.find((target, index) => targets.indexOf(target) !== index)
  if (twice !== undefined) {
    const expected = 'a different destination for each operator'
    const received = typeof twice === 'string' ? JSON.stringify(twice) : describeStage(twice)
    throw optionError({
      owner: 'validate()',
      option: 'quarantine',
      expected,
      received: `${received} for two of them`,
    })
  }
  const sinkError = (error: unknown) => streamError('SINK', 'the sink', error)
  const streams = side.map(({ output: option, target }) =>
    typeof target === 'string'
      ? new FileSink(target, fileSettings(target, { format: 'ndjson' }, { owner: 'validate()', option }))
      : target,
  )
  const attached = attachSource(source, error => failed(sourceError(error)))
  refuseMissingFields(attached.stage, definitions)
  const main: RunSink = {
    id: 'sink',
    attachment: attachSink(sink, error => failed(sinkError(error))),
    explain: sinkError,
  }
  const sinks: [RunSink, ...RunSink[]] = [main]
  for (const [n, { index, output }] of side.entries()) {
    const explain = (error: unknown) => streamError('SINK', `the ${output}`, error)
    const attachment = attachSink(streams[n] as Writable, error => failed(explain(error)))
    const owner = operatorId(index)
    sinks.push({ id: `${owner}/${output}`, attachment, owner, output, explain })
  }
  // Side outputs may have side outputs themselves, which are added at the end.
  for (const { id: owner, attachment } of sinks) {
    for (const [output, side] of Object.entries(attachment.outputs ?? {})) {
      const { explain } = side
      const attachment = attachSide(side, error => failed(explain(error)))
      sinks.push({ id: `${owner}/${output}`, attachment, owner, output, explain })
    }
  }
  return {
    source: attached,
    explainSource: attached.stage.explains ? error => error : sourceError,
    definitions,
    sinks,
  }
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

const declaredOutputs = (definition: Definition): SideOutputs<string | Writable> =>
  ('outputs' in definition && definition.outputs) || {}

const sourceError = (error: unknown) => streamError('SOURCE', 'the source', error)
