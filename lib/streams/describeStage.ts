import { Stream } from 'node:stream'
import { describe } from '../errors.ts'
import { Operator } from './Operator.ts'

/** A stage, or what was given for one, in a few words: of a stream, its name and not its inner state. */
export function describeStage(stage: unknown): string {
  if (stage instanceof Operator) {
    return `the operator ${stage.definitions.map(({ name }) => name).join(' + ')}`
  }
  return stage instanceof Stream ? `a stream (${stage.constructor.name})` : describe(stage)
}
