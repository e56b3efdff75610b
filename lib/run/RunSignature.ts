import type { Operator } from '../streams/Operator.ts'
import type { RunSink } from '../streams/stageTypes.ts'
import type { RunOptions } from './options.ts'
import type { Report } from './Report.ts'
import type { Mistakes } from './readArguments.ts'

/** Where values come from: `leads()`, any Readable, or an iterable. */
export type Source<T> = AsyncIterable<T> | Iterable<T>

/*
 * One signature for each number of operators, so that the compiler carries the type from stage to stage: a single
 * variadic one can't infer the parameters of functions such as `map(lead => …)`. The longest signature comes first.
 * The compiler keeps the parameter types from the first signature that fits the number of arguments. That must not
 * be a signature that takes the last operator for a sink, or the sink for options. The last signature fits no call: the
 * compiler quotes it when no other signature fits.
 */
/** The types of `run`. */
export interface RunSignature {
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N, O>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    o10: Operator<J, K>,
    o11: Operator<K, L>,
    o12: Operator<L, M>,
    o13: Operator<M, N>,
    o14: Operator<N, O>,
    sink: RunSink<O>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I, J, K, L, M, N>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    o10: Operator<J, K>,
    o11: Operator<K, L>,
    o12: Operator<L, M>,
    o13: Operator<M, N>,
    sink: RunSink<N>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I, J, K, L, M>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    o10: Operator<J, K>,
    o11: Operator<K, L>,
    o12: Operator<L, M>,
    sink: RunSink<M>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I, J, K, L>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    o10: Operator<J, K>,
    o11: Operator<K, L>,
    sink: RunSink<L>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I, J, K>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    o10: Operator<J, K>,
    sink: RunSink<K>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I, J>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    o9: Operator<I, J>,
    sink: RunSink<J>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H, I>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    o8: Operator<H, I>,
    sink: RunSink<I>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G, H>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    sink: RunSink<H>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F, G>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    sink: RunSink<G>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    sink: RunSink<F>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    sink: RunSink<E>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    sink: RunSink<D>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    sink: RunSink<C>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B>(source: Source<A>, o1: Operator<A, B>, sink: RunSink<B>, options?: RunOptions): Promise<Report>
  <A>(source: Source<A>, sink: RunSink<A>, options?: RunOptions): Promise<Report>
  <Stages extends readonly unknown[]>(...stages: Mistakes<Stages>): Promise<Report>
}
