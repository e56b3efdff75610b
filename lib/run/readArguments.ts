import { OutgoingMessage } from 'node:http'
import { Duplex, Readable, Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { optionError } from '../options/checkOptions.ts'
import { describeStage, isOperator, type Operator } from '../streams/Operator.ts'

/** The arguments of `run`, sorted and checked. */
export interface RunArguments {
  source: Readable | Iterable<unknown> | AsyncIterable<unknown>
  operators: Operator<unknown, unknown>[]
  sink: Writable | WritableStream
  options: unknown
}

/**
 * Sorts and checks the arguments of `run`.
 *
 * @throws {LeadpipeError} OPTION, naming the argument that is wrong.
 */
export function readArguments(given: readonly unknown[]): RunArguments {
  const stages = [...given]
  const options = stages.length < 2 || isStage(stages.at(-1)) ? undefined : stages.pop()
  const [source, ...rest] = stages
  const sink = rest.pop()
  if (!isSource(source)) {
    throw wrong('source', 'leads(), a Readable or an iterable', source)
  }
  if (source instanceof Readable && (source.destroyed || source.readableDidRead)) {
    throw used('source', 'a stream that was not read before', source)
  }
  const operators = rest.map((part, index) => {
    if (isOperator(part)) return part
    const remedy = part instanceof Duplex ? 'wrap a stream of your own in transform(() => stream)' : undefined
    throw wrong(`argument ${index + 2}`, 'an operator', part, remedy)
  })
  if (!isSink(sink) || isOperator(sink)) {
    throw wrong('sink', 'a sink as the last stage, such as toFile(path)', sink ?? options)
  }
  if (!(sink instanceof WritableStream) && (sink.destroyed || sink.writableEnded)) {
    throw used('sink', 'a stream that has not ended', sink)
  }
  return { source, operators, sink, options }
}

const isStage = (value: unknown) => value instanceof Readable || isSink(value)

/** Whether a value is a Writable, or an HTTP request or response, which works like one. */
function isWritable(value: unknown): value is Writable {
  return value instanceof Writable || value instanceof OutgoingMessage
}

const isSink = (value: unknown): value is RunArguments['sink'] =>
  isWritable(value) || value instanceof WritableStream

const owner = 'run()'
const wrong = (option: string, expected: string, value: unknown, remedy?: string) =>
  optionError({ owner, option, expected, received: describeStage(value), remedy })

function isSource(value: unknown): value is RunArguments['source'] {
  if (value instanceof Readable) return !isOperator(value)
  if (typeof value !== 'object' || value === null || value instanceof Writable) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

const used = (option: string, expected: string, value: unknown) =>
  optionError({
    owner,
    option,
    expected,
    received: `${describeStage(value)} that was used`,
    remedy: 'create a new one for each run',
  })
