import type { Duplex, Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import type { Operator } from './Operator.ts'
import type { AnySink } from './SinkWritable.ts'

/** A Writable of Node that takes bytes: a file or a socket, or an HTTP request or response. */
export type BytesWritable = Writable &
  ({ readonly bytesWritten: number; readonly pending: boolean } | { flushHeaders(): void })

/** A sink for values of type In; not a {@link BytesWritable}, unless the values are bytes, or of an unknown type. */
export type RunSink<In> = AnySink<In> & WithBytes<IfBytes<In>>

/** A sink for values of type In, and not a {@link BytesWritable}. */
export type RecordSink<In> = AnySink<In> & WithBytes<undefined>

/** A {@link BytesWritable} has one of these properties, and so it is refused if the type is undefined. */
type WithBytes<Property> = { readonly flushHeaders?: Property } & (
  | { readonly bytesWritten?: Property }
  | { readonly pending?: Property }
)

type IfBytes<In> = unknown extends In ? unknown : [In] extends [Uint8Array | string] ? unknown : undefined

/** A type that no argument has: in the place of a mistake, it says in words what is wrong. */
export type Mistake<Words extends string> = { readonly [W in Words]: never }

export type NoSink<Whole extends string> = `a ${Whole} needs a sink as its last stage, such as toFile(path)`
export type NoOperator = 'a function is not an operator: wrap it in map(), filter(), peek() or operator()'
type NoTransform = 'wrap a stream of your own in transform(() => stream)'
export type NoBytes = 'this Writable takes bytes, not records: put encode() before it'
type NoFit = 'these stages do not fit together; more operators than fit are joined with compose()'

/**
 * Operators, a sink and options, as they should have been for values of type In.
 *
 * @typeParam Whole what they are a part of, in words
 */
export type BranchOfStages<
  Rest extends readonly unknown[],
  In,
  Options,
  Whole extends string,
> = Rest extends readonly [infer Last]
  ? [AsSink<Last, In, Whole>]
  : Rest extends readonly [infer Next, infer Last]
    ? IsStage<Last> extends true
      ? [AsOperator<Next, In>, AsSink<Last, Output<Next>, Whole>]
      : Next extends RunSink<In>
        ? // Not `Next` itself: the compiler would prefer this signature if the options have a literal type.
          [RunSink<In>, Last extends Options ? Mistake<NoFit> : Options]
        : [AsSink<Next, In, Whole>, Options]
    : Rest extends readonly [infer Next, ...infer Others]
      ? [AsOperator<Next, In>, ...BranchOfStages<Others, Output<Next>, Options, Whole>]
      : [Mistake<NoSink<Whole>>]

/** The number of arguments is unknown to the compiler if one is a function without types, or if an array is spread. */
export type Unnumbered<Usage extends string> = [
  ...(object & { readonly call?: NoOperator })[],
  Mistake<`${Usage}: each stage is an argument of its own, the last one a sink`>,
]

type AsOperator<Stage, In> = Stage extends AnyFunction
  ? Mistake<NoOperator>
  : Stage extends Operator<never, infer Out>
    ? Operator<In, Out>
    : Stage extends Duplex
      ? Mistake<NoTransform>
      : Operator<In, unknown>

type AsSink<Stage, In, Whole extends string> =
  Stage extends Operator<never, unknown>
    ? Mistake<NoSink<Whole>>
    : Stage extends RunSink<In>
      ? Mistake<NoFit>
      : Stage extends BytesWritable
        ? Mistake<NoBytes>
        : Stage extends Writable | WritableStream<never>
          ? RunSink<In>
          : Mistake<NoSink<Whole>>

type IsStage<Value> = Value extends Writable | WritableStream<never> | AnyFunction ? true : false
type AnyFunction = (...values: never) => unknown

/** The type of the values that a source or an operator emits. */
export type Output<Stage> =
  Stage extends Operator<never, infer Out>
    ? Out
    : Stage extends AsyncIterable<infer Out> | Iterable<infer Out>
      ? Out
      : unknown
