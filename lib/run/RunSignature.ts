import type { Operator } from '../streams/Operator.ts'
import type { AnySink } from '../streams/SinkWritable.ts'
import type { RunOptions } from './options.ts'
import type { Report } from './Report.ts'

/** Where values come from: `leads()`, any Readable, or an iterable. */
export type Source<T> = AsyncIterable<T> | Iterable<T>

/*
 * One signature for each number of operators, so that the compiler carries the type from stage to stage: a single
 * variadic one can't infer the parameters of functions such as `map(lead => …)`. The longest signature comes first.
 * The compiler keeps the parameter types from the first signature that fits the number of arguments. That must not
 * be a signature that takes the last operator for a sink, or the sink for options.
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
    sink: AnySink<O>,
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
    sink: AnySink<N>,
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
    sink: AnySink<M>,
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
    sink: AnySink<L>,
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
    sink: AnySink<K>,
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
    sink: AnySink<J>,
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
    sink: AnySink<I>,
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
    sink: AnySink<H>,
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
    sink: AnySink<G>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E, F>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    sink: AnySink<F>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D, E>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    sink: AnySink<E>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C, D>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    sink: AnySink<D>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B, C>(
    source: Source<A>,
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    sink: AnySink<C>,
    options?: RunOptions,
  ): Promise<Report>
  <A, B>(source: Source<A>, o1: Operator<A, B>, sink: AnySink<B>, options?: RunOptions): Promise<Report>
  <A>(source: Source<A>, sink: AnySink<A>, options?: RunOptions): Promise<Report>
}
