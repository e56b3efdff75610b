import type { OperatorFingerprint, Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Definition } from '../engine/definition.ts'
import { plainJson } from '../engine/plainJson.ts'
import { digestOf } from '../files/paths.ts'
import { optionError, optionFailure } from '../options/checkOptions.ts'
import { describeStage } from '../streams/Operator.ts'
import type { RunSink, RunStages } from './RunStages.ts'
import type { RunArguments } from './readArguments.ts'

/**
 * What a run with a checkpoint is made of, as plain JSON.
 *
 * @throws {LeadpipeError} OPTION when a stage can't be resumed, or the options of an operator are not plain JSON.
 */
export function pipelineOf(
  { source, definitions, sinks }: RunStages,
  given: RunArguments,
  { version, whenFinished }: CheckpointSettings,
): Pipeline {
  const { stage } = source
  const [main, ...side] = sinks
  if (stage.fingerprint === undefined) {
    const expected = 'expected leads() as the source: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(given.source), true)
  }
  if (main.attachment.stage.fingerprint === undefined) {
    const expected = 'expected toFile() or toHttp() as the sink: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(given.sink), true)
  }
  for (const { attachment, owner } of side) {
    if (attachment.stage.fingerprint !== undefined) continue
    const expected = 'expected a path or toFile() with a checkpoint: nothing else can go on from one'
    throw optionError(`${owner?.name}(): ${owner?.output}`, expected, 'a Writable of another kind', true)
  }
  if (whenFinished === 'next' && stage.following === undefined) {
    throw optionError('run() options: checkpoint', stage.noneFollows ?? 'nothing can follow this source')
  }
  const pipeline: Pipeline = {
    ...(version === undefined ? {} : { version }),
    source: stage.fingerprint,
    operators: definitions.map((definition, index) =>
      operatorOf(
        definition,
        side.filter(({ owner }) => owner?.index === index),
        version === undefined,
      ),
    ),
    sink: main.attachment.stage.fingerprint,
  }
  return JSON.parse(JSON.stringify(pipeline)) as Pipeline
}

function operatorOf(
  definition: Definition,
  side: readonly RunSink[],
  comparesText: boolean,
): OperatorFingerprint {
  const { name } = definition
  const options = 'options' in definition ? definition.options : undefined
  const functions = comparesText ? (definition.functions ?? []) : []
  return {
    name,
    ...(options === undefined ? {} : { options: checked(name, options) }),
    ...(functions.length === 0 ? {} : { functions: functions.map(code => digestOf(String(code))) }),
    ...(side.length === 0
      ? {}
      : {
          outputs: Object.fromEntries(
            side.map(({ owner, attachment }) => [owner?.output, attachment.stage.fingerprint]),
          ),
        }),
  }
}

function checked(name: string, options: unknown): unknown {
  try {
    return plainJson(options, 'the options')
  } catch (cause) {
    throw optionFailure(`${name}: options`, `${name}: ${(cause as Error).message}`, cause)
  }
}
