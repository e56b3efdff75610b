import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { recipe } from '../streams/attach.ts'
import { BranchedSink, branchTo } from '../streams/BranchedSink.ts'
import type { Operator } from '../streams/Operator.ts'
import { isStage, readBranch } from '../streams/readBranch.ts'
import type { SinkWritable } from '../streams/SinkWritable.ts'
import type { BranchOfStages, RunSink, Unnumbered } from '../streams/stageTypes.ts'

/** What happens when a branch fails. */
export interface BranchOptions {
  /**
   * What a failure of the branch does, of an operator or of the sink. 'fail' fails the run. 'drop' ends only the
   * branch: its incomplete output is removed, its quarantine and its dead letters are kept, and the report says why
   * in `outputs[n].dropped`. A run that resumes from a checkpoint does not try the branch again; a run by
   * `whenFinished` does, and with `'next'` it writes what that run reads, not what the branch missed. If no other output
   * is left, the run fails. Two failures always fail the run: an output that can't be opened at its start, and one that
   * can't be made visible at its end. 'drop' needs `run`. Default: 'fail'.
   */
  onError?: 'fail' | 'drop' | undefined
}

/** What the options accept. */
export const branchRules: OptionRules = {
  owner: 'branch()',
  options: { onError: withDefault('fail', choice('fail', 'drop')) },
}

/** The types of `branch`: one signature for each number of operators, as for `run`. */
interface BranchSignature {
  <A, B, C, D, E, F, G, H>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    o7: Operator<G, H>,
    sink: RunSink<H>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B, C, D, E, F, G>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    o6: Operator<F, G>,
    sink: RunSink<G>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B, C, D, E, F>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    o5: Operator<E, F>,
    sink: RunSink<F>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B, C, D, E>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    o4: Operator<D, E>,
    sink: RunSink<E>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B, C, D>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    o3: Operator<C, D>,
    sink: RunSink<D>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B, C>(
    o1: Operator<A, B>,
    o2: Operator<B, C>,
    sink: RunSink<C>,
    options?: BranchOptions,
  ): SinkWritable<A>
  <A, B>(o1: Operator<A, B>, sink: RunSink<B>, options?: BranchOptions): SinkWritable<A>
  <A>(sink: RunSink<A>, options?: BranchOptions): SinkWritable<A>
  <Stages extends readonly unknown[]>(...stages: Mistakes<Stages>): SinkWritable<never>
}

/** The types that the arguments should have had, as `Mistakes` of `run`. */
type Mistakes<Stages extends readonly unknown[]> = Stages extends never
  ? Stages // The compiler infers `Stages` from here.
  : number extends Stages['length']
    ? Unnumbered<'branch(...operators, sink, options?)'>
    : BranchOfStages<Stages, never, BranchOptions, 'branch'>

/**
 * Operators and a sink as one sink: an output of {@link tee} with operators of its own.
 *
 * The sink may be a `tee` again. An operator that wants no more ends the branch; when all branches of a `tee` have
 * ended, the run ends. The quarantine of a `validate` in a branch holds what that branch refuses. Elements that are not
 * leads go to the first `validate` before the branches; if there is none, to the first one in each branch.
 *
 * @param stages operators, a sink, and optionally {@link BranchOptions}
 * @throws {LeadpipeError} OPTION for an argument that is neither an operator, a sink nor options.
 *
 * @example
 * ```ts
 * branch(filter(lead => lead.isCustomer), toFile('customers.ndjson'))
 * branch(project(['guid']), toHttp('https://example.com/guids'), { onError: 'drop' })
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: the signatures say of which records.
export const branch: BranchSignature = (...given: unknown[]): SinkWritable<any> => {
  const stages = [...given]
  const options = stages.length < 2 || isStage(stages.at(-1)) ? undefined : stages.pop()
  const { operators, sink } = readBranch(stages, branchRules.owner, 1, options)
  const { onError = 'fail' } = checkOptions(options as BranchOptions | undefined, branchRules)
  const definitions = operators.flatMap(part => part[recipe])
  return new BranchedSink([branchTo(definitions, sink, onError)], [sink])
}
