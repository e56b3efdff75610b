import { OutgoingMessage } from 'node:http'
import { Duplex, Readable, Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import { optionError } from '../options/checkOptions.ts'
import { describeStage, isOperator, type Operator } from '../streams/Operator.ts'
import type { AnySink } from '../streams/SinkWritable.ts'
import type { RunOptions } from './options.ts'

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

/** A Writable of Node that takes bytes: a file or a socket, or an HTTP request or response. */
export type BytesWritable = Writable &
  ({ readonly bytesWritten: number; readonly pending: boolean } | { flushHeaders(): void })

/** A sink for values of type In; not a {@link BytesWritable}, unless the values are bytes, or of an unknown type. */
export type RunSink<In> = AnySink<In> & { readonly flushHeaders?: IfBytes<In> } & (
    | { readonly bytesWritten?: IfBytes<In> }
    | { readonly pending?: IfBytes<In> }
  )

type IfBytes<In> = unknown extends In ? unknown : [In] extends [Uint8Array | string] ? unknown : undefined

/**
 * The types that the arguments of `run` should have had. In the place of a mistake, it is a type that no argument has,
 * and that says in words what is wrong: the compiler quotes it in its message. For the last signature of `run`, which
 * the compiler tries when no other one fits.
 */
export type Mistakes<Stages extends readonly unknown[]> = Stages extends never
  ? Stages // The compiler infers `Stages` from here.
  : number extends Stages['length']
    ? Unnumbered
    : Stages extends readonly [infer First, infer Second, ...infer Rest]
      ? [AsSource<First>, ...AfterSource<[Second, ...Rest], Output<First>>]
      : [Mistake<NoSink>]

/** A type that no argument has. */
type Mistake<Words extends string> = { readonly [W in Words]: never }

type NoSource = 'a run needs a source as its first stage: leads(), a Readable or an iterable'
type NoSink = 'a run needs a sink as its last stage, such as toFile(path)'
type NoOperator = 'a function is not an operator: wrap it in map(), filter(), peek() or operator()'
type NoTransform = 'wrap a stream of your own in transform(() => stream)'
type NoBytes = 'this Writable takes bytes, not records: put encode() before it'
type NoFit = 'these stages do not fit together; more than 14 operators are joined with compose()'

/** The number of arguments is unknown to the compiler if one is a function without types, or if an array is spread. */
type Unnumbered = [
  ...(object & { readonly call?: NoOperator })[],
  Mistake<'run(source, ...operators, sink, options?): each stage is an argument of its own, the last one a sink'>,
]

/** The arguments after the source, for values of type In. */
type AfterSource<Rest extends readonly unknown[], In> = Rest extends readonly [infer Last]
  ? [AsSink<Last, In>]
  : Rest extends readonly [infer Next, infer Last]
    ? IsStage<Last> extends true
      ? [AsOperator<Next, In>, AsSink<Last, Output<Next>>]
      : Next extends RunSink<In>
        ? [Next, Last extends RunOptions ? Mistake<NoFit> : RunOptions]
        : [AsSink<Next, In>, RunOptions]
    : Rest extends readonly [infer Next, ...infer Others]
      ? [AsOperator<Next, In>, ...AfterSource<Others, Output<Next>>]
      : []

type AsSource<Stage> = Stage extends AsyncIterable<unknown> | Iterable<unknown> ? Stage : Mistake<NoSource>

type AsOperator<Stage, In> = Stage extends AnyFunction
  ? Mistake<NoOperator>
  : Stage extends Operator<never, infer Out>
    ? Operator<In, Out>
    : Stage extends Duplex
      ? Mistake<NoTransform>
      : Operator<In, unknown>

type AsSink<Stage, In> =
  Stage extends Operator<never, unknown>
    ? Mistake<NoSink>
    : Stage extends RunSink<In>
      ? Mistake<NoFit>
      : Stage extends BytesWritable
        ? Mistake<NoBytes>
        : Stage extends Writable | WritableStream<never>
          ? RunSink<In>
          : Mistake<NoSink>

type IsStage<Value> = Value extends Writable | WritableStream<never> | AnyFunction ? true : false
type AnyFunction = (...values: never) => unknown

/** The type of the values that a source or an operator emits. */
type Output<Stage> =
  Stage extends Operator<never, infer Out>
    ? Out
    : Stage extends AsyncIterable<infer Out> | Iterable<infer Out>
      ? Out
      : unknown
