import type { OperatorFingerprint, Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Definition } from '../engine/definition.ts'
import { messageOf } from '../errors.ts'
import { digestOf } from '../files/paths.ts'
import { optionError } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'
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
    throw wrong('source', 'leads() or source(), which can be resumed,', describeStage(given.source))
  }
  if (main.attachment.stage.fingerprint === undefined) {
    throw wrong('sink', 'toFile(), toHttp() or sink(), which can be resumed,', describeStage(given.sink))
  }
  // A sink checks its own side outputs when it is opened.
  for (const own of outputs) {
    const lost = Object.values(own).find(({ attachment }) => attachment.stage.fingerprint === undefined)
    if (lost === undefined) continue
    const expected = 'a path or toFile(), which can be resumed,'
    const [owner, option, received] = ['validate()', 'quarantine', 'a Writable of another kind']
    throw optionError({ owner, option, expected, with: checkpoint, received })
  }
  if (whenFinished === 'next' && stage.following === undefined) {
    const other = { owner: 'run()', option: 'checkpoint.whenFinished', value: whenFinished }
    const lack = stage.noneFollows ?? { owner: 'run()', option: 'source', expected: 'leads()' }
    throw optionError({ ...lack, with: other })
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

const checkpoint = { owner: 'run()', option: 'checkpoint' }
const wrong = (option: string, expected: string, received: string) =>
  optionError({ owner: 'run()', option, expected, with: checkpoint, received })

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
    const received = `those of ${JSON.stringify(name)}: ${messageOf(cause)}`
    const expected = 'plain JSON'
    throw optionError({ owner: 'operator()', option: 'options', expected, received, operator: name }, cause)
  }
}
