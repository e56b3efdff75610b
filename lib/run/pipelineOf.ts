import type { Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import { optionFailure } from '../model/checkOptions.ts'
import { plainJson } from '../operators/kernel/plainJson.ts'
import type { RunArguments } from './readArguments.ts'
import type { Resumable } from './resumable.ts'

/**
 * What a run is made of, as plain JSON.
 *
 * @throws {LeadpipeError} OPTION when the options of an operator are no plain JSON.
 */
export function pipelineOf(
  { source, sink, quarantines }: Resumable,
  { operators }: Pick<RunArguments, 'operators'>,
  { version }: CheckpointSettings,
): Pipeline {
  const parts = operators.flatMap(operator => operator.definitions)
  const pipeline: Pipeline = {
    source: source.identity,
    operators: parts.map(part => {
      const options = 'options' in part ? part.options : undefined
      return options === undefined
        ? { name: part.name }
        : { name: part.name, options: checked(part.name, options) }
    }),
    sink: {
      ...sink.identity,
      ...(quarantines.length > 0 ? { quarantines: quarantines.map(({ identity }) => identity) } : {}),
    },
    ...(version === undefined ? {} : { version }),
  }
  return JSON.parse(JSON.stringify(pipeline)) as Pipeline
}

function checked(name: string, options: unknown): unknown {
  try {
    return plainJson(options, 'the options')
  } catch (cause) {
    throw optionFailure(`${name}: options`, `${name}: ${(cause as Error).message}`, cause)
  }
}
