import type { OperatorFingerprint, Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import { type BranchOf, outputsOf } from '../engine/branches.ts'
import type { Definition } from '../engine/definition.ts'
import { messageOf } from '../errors.ts'
import { digestOf } from '../files/paths.ts'
import { optionError } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'
import { describeStage } from '../streams/Operator.ts'
import type { RunSink, RunStages } from './RunStages.ts'
import type { RunArguments } from './readArguments.ts'

/**
 * The description of a run with a checkpoint, as plain JSON.
 *
 * @throws {LeadpipeError} OPTION when a stage can't be resumed, or when the options of an operator are not plain
 * JSON.
 */
export function pipelineOf(
  { source, main }: RunStages,
  given: RunArguments,
  { version, whenFinished }: CheckpointSettings,
): Pipeline {
  const { stage } = source
  if (stage.fingerprint === undefined) {
    throw wrong('source', 'leads() or source(), which can be resumed,', describeStage(given.source))
  }
  for (const { stream, operator, output, attachment } of outputsOf(main)) {
    if (attachment.stage.fingerprint !== undefined) continue
    if (operator === undefined)
      throw wrong('sink', 'toFile(), toHttp() or sink(), which can be resumed,', describeStage(stream))
    const expected = 'a path or toFile(), which can be resumed,'
    const [owner, option] = [`${operator}()`, output as string]
    throw optionError({ owner, option, expected, with: checkpoint, received: 'a Writable of another kind' })
  }
  if (whenFinished === 'next' && stage.following === undefined) {
    const other = { owner: 'run()', option: 'checkpoint.whenFinished', value: whenFinished }
    const lack = stage.noneFollows ?? { owner: 'run()', option: 'source', expected: 'leads()' }
    throw optionError({ ...lack, with: other })
  }
  const pipeline: Pipeline = {
    ...(version === undefined ? {} : { version }),
    source: stage.fingerprint,
    ...branchFingerprint(main, version === undefined),
  }
  return JSON.parse(JSON.stringify(pipeline)) as Pipeline
}

const checkpoint = { owner: 'run()', option: 'checkpoint' }
const wrong = (option: string, expected: string, received: string) =>
  optionError({ owner: 'run()', option, expected, with: checkpoint, received })

/** @param comparesText whether the text of functions must be equal */
function branchFingerprint(
  { definitions, side, sink, branches }: BranchOf<RunSink>,
  comparesText: boolean,
): Pick<Pipeline, 'operators' | 'sink'> {
  const ofBranches = branches.map(branch => ({
    ...branchFingerprint(branch, comparesText),
    onError: branch.onError,
  }))
  return {
    operators: definitions.map((definition, index) =>
      operatorFingerprint(definition, side[index] ?? {}, comparesText),
    ),
    sink: sink === undefined ? { branches: ofBranches } : sink.attachment.stage.fingerprint,
  }
}

function operatorFingerprint(
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
