import type { Writable } from 'node:stream'
import type { Definition, SideOutputs } from '../engine/definition.ts'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { toFile } from '../sinks/toFile.ts'
import type { SinkRun, SinkStage } from '../stage/SinkStage.ts'
import type { SourceStage } from '../stage/SourceStage.ts'
import type { Attachment } from '../streams/attach.ts'
import { attachSink } from '../streams/attachSink.ts'
import { attachSource } from '../streams/attachSource.ts'
import { streamError } from '../streams/userStreams.ts'
import type { RunArguments } from './readArguments.ts'

/** A sink of a run. */
export interface RunSink {
  /** Its path in the run: `sink`, `operators/0/quarantine`. */
  readonly id: string
  readonly attachment: Attachment<SinkStage>
  /** The operator that it is a side output of; undefined for the sink at the end. */
  readonly owner?: { readonly index: number; readonly name: string; readonly output: string }
  /** What it failed with, as the user is told. */
  explain(error: unknown): LeadpipeError
}

/** A sink that is open. */
export interface OpenSink extends RunSink {
  readonly run: SinkRun
}

/** The stages of a run. */
export interface RunStages {
  readonly source: Attachment<SourceStage>
  /** What the source failed with, as the user is told. */
  explainSource(error: unknown): unknown
  readonly definitions: readonly Definition[]
  /** The sink at the end first, then the side outputs: those that write to a sink are in front of it. */
  readonly sinks: readonly [RunSink, ...RunSink[]]
}

/**
 * The stages of what the user gave. Streams of leadpipe's own listen from now on.
 *
 * @param failed called with what the run fails with, when somebody else destroys or ends such a stream
 * @throws {LeadpipeError} OPTION when two operators write to the same output: one would replace the other's.
 */
export function runStages(
  { source, operators, sink }: RunArguments,
  failed: (error: unknown) => void,
): RunStages {
  const definitions = operators.flatMap(part => part.definitions)
  const side = definitions.flatMap((definition, index) =>
    Object.entries(outputsOf(definition)).map(([output, target]) => ({ index, output, target })),
  )
  const targets = side.map(({ target }) => target)
  const twice = targets.find((target, index) => targets.indexOf(target) !== index)
  if (twice !== undefined) {
    const what = typeof twice === 'string' ? JSON.stringify(twice) : 'the same stream'
    throw optionError('validate(): quarantine', `two operators write to ${what}`)
  }
  const sinkError = (error: unknown) => streamError('SINK', 'the sink', error)
  const streams = targets.map(target =>
    typeof target === 'string' ? toFile(target, { format: 'ndjson' }) : target,
  )
  const attached = attachSource(source, error => failed(sourceError(error)))
  refuseMissingFields(attached.stage, definitions)
  const main = {
    id: 'sink',
    attachment: attachSink(sink, error => failed(sinkError(error))),
    explain: sinkError,
  }
  const sideSinks = side.map(({ index, output }, n): RunSink => {
    const explain = (error: unknown) => streamError('SINK', `the ${output}`, error)
    const stream = streams[n] as Writable
    return {
      id: `operators/${index}/${output}`,
      attachment: attachSink(stream, error => failed(explain(error))),
      owner: { index, name: (definitions[index] as Definition).name, output },
      explain,
    }
  })
  return {
    source: attached,
    explainSource: attached.stage.explains ? error => error : sourceError,
    definitions,
    sinks: [main, ...sideSinks],
  }
}

/** An operator that needs what the query leaves out would find nothing in any record. */
function refuseMissingFields({ lacks }: SourceStage, definitions: readonly Definition[]): void {
  for (const definition of definitions) {
    const lack =
      'needs' in definition && definition.needs !== undefined ? lacks?.[definition.needs] : undefined
    if (lack === undefined) continue
    const { name } = definition
    const { why, owner, option } = lack
    throw new LeadpipeError('OPTION', `${name} needs ${why}`, { context: { owner, option, operator: name } })
  }
}

const outputsOf = (definition: Definition): SideOutputs<string | Writable> =>
  ('outputs' in definition && definition.outputs) || {}

const sourceError = (error: unknown) => streamError('SOURCE', 'the source', error)
