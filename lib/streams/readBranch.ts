import { OutgoingMessage } from 'node:http'
import { Duplex, Readable, Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { optionError } from '../options/checkOptions.ts'
import type { GivenSink } from './BranchedSink.ts'
import { describeStage, isOperator, type Operator } from './Operator.ts'

/** Operators and the sink after them, checked. */
export interface GivenBranch {
  operators: Operator<unknown, unknown>[]
  sink: GivenSink
}

/** Whether a value is a sink: a Writable, an HTTP request or response, which works like one, or a web stream. */
export const isSink = (value: unknown): value is GivenSink =>
  (value instanceof Writable || value instanceof OutgoingMessage || value instanceof WritableStream) &&
  !isOperator(value)

/** Whether a value is a stage: if not, it may be options. */
export const isStage = (value: unknown): boolean =>
  value instanceof Readable || isSink(value) || isOperator(value)

/**
 * Checks operators and the sink after them.
 *
 * @param owner the function that received them
 * @param first the number of the first argument in `stages`
 * @param options what was taken for options: shown if the sink is missing
 * @throws {LeadpipeError} OPTION, naming the argument that is wrong.
 */
export function readBranch(
  stages: readonly unknown[],
  owner: string,
  first: number,
  options: unknown,
): GivenBranch {
  const sink = stages.at(-1)
  const operators = stages.slice(0, -1).map((part, index) => {
    if (isOperator(part)) return part
    const remedy = part instanceof Duplex ? 'wrap a stream of your own in transform(() => stream)' : undefined
    const option = `argument ${index + first}`
    throw optionError({ owner, option, expected: 'an operator', received: describeStage(part), remedy })
  })
  if (isSink(sink)) return { operators, sink }
  const expected = 'a sink as the last stage, such as toFile(path)'
  throw optionError({ owner, option: 'sink', expected, received: describeStage(sink ?? options) })
}
