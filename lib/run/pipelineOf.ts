import type { OperatorFingerprint, Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Definition } from '../engine/definition.ts'
import { plainJson } from '../engine/plainJson.ts'
import { digestOf } from '../files/paths.ts'
import { optionError, optionFailure } from '../options/checkOptions.ts'
import { describeStage } from '../streams/Operator.ts'
import { operatorId, outputsOf, type RunSink, type RunStages } from './RunStages.ts'
import type { RunArguments } from './readArguments.ts'

/**
 * The description of a run with a checkpoint, as plain JSON.
 *
 * @throws {LeadpipeError} OPTION when a stage can't be resumed, or when the options of an operator are not plain
 * JSON.
 */
export function pipelineOf(
  { source, definitions, sinks }: RunStages,
  given: RunArguments,
  { version, whenFinished }: CheckpointSettings,
): Pipeline {
  const { stage } = source
  const [main] = sinks
  const outputs = definitions.map((_, index) => outputsOf(sinks, operatorId(index)))
  if (stage.fingerprint === undefined) {
    const expected = 'expected leads() as the source: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(given.source), true)
  }
  if (main.attachment.stage.fingerprint === undefined) {
    const expected = 'expected toFile() or toHttp() as the sink: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(given.sink), true)
  }
  // A sink checks its own side outputs when it is opened.
  for (const [index, own] of outputs.entries()) {
    const lost = Object.values(own).find(({ attachment }) => attachment.stage.fingerprint === undefined)
    if (lost === undefined) continue
    const expected = 'expected a path or toFile() with a checkpoint: nothing else can go on from one'
    const what = `${definitions[index]?.name}(): ${lost.output}`
    throw optionError(what, expected, 'a Writable of another kind', true)
  }
  if (whenFinished === 'next' && stage.following === undefined) {
    throw optionError('run() options: checkpoint', stage.noneFollows ?? 'nothing can follow this source')
  }
  const pipeline: Pipeline = {
    ...(version === undefined ? {} : { version }),
    source: stage.fingerprint,
    operators: definitions.map((definition, index) =>
      operatorOf(definition, outputs[index] ?? {}, version === undefined),
    ),
    sink: main.attachment.stage.fingerprint,
  }
  return JSON.parse(JSON.stringify(pipeline)) as Pipeline
}

function operatorOf(
  definition: Definition,
  outputs: Readonly<Record<string, RunSink>>,
  comparesText: boolean,
): OperatorFingerprint {
  const { name } = definition
  const options = 'options' in definition ? definition.options : undefined
  const functions = comparesText ? (definition.functions ?? []) : []
  const fingerprints = Object.entries(outputs).map(([output, { attachment }]) => [
    output,
    attachment.stage.fingerprint,
  ])
  return {
    name,
    ...(options === undefined ? {} : { options: checked(name, options) }),
    ...(functions.length === 0 ? {} : { functions: functions.map(code => digestOf(String(code))) }),
    ...(fingerprints.length === 0 ? {} : { outputs: Object.fromEntries(fingerprints) }),
  }
}

function checked(name: string, options: unknown): unknown {
  try {
    return plainJson(options, 'the options')
  } catch (cause) {
    throw optionFailure(`${name}: options`, `${name}: ${(cause as Error).message}`, cause)
  }
}
