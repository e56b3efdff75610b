import type { Definition, SideOutputs } from './definition.ts'

/**
 * Operators one after the other, and where their records go: to a sink, or to branches, each of which gets every
 * record. The operators and the sink of a run are its main branch.
 */
export interface BranchOf<Output> {
  readonly definitions: readonly Definition[]
  /** One entry for each operator: its side outputs. */
  readonly side: readonly (SideOutputs<Output> | undefined)[]
  /** The sink; undefined if there are branches. */
  readonly sink?: Output
  readonly branches: readonly BranchOf<Output>[]
  readonly onError: OnError
}

/** A branch that ends in a sink. */
export const branchOf = <Output>(
  definitions: readonly Definition[],
  sink: Output,
  side: BranchOf<Output>['side'] = [],
): BranchOf<Output> => ({ definitions, side, sink, branches: [], onError: 'fail' })

/** What a failure in a branch does: it fails the run, or only drops the branch. */
export type OnError = 'fail' | 'drop'

/** The place of an output in a run. */
export interface OutputPlace {
  /** Its path in the run: `sink`, `sink/branches/0`, `operators/0/quarantine`. */
  readonly id: string
  /** The path of the operator that has it as a side output, the operator's name, and its name for the output. */
  readonly owner?: string
  readonly operator?: string
  readonly output?: string
}

/** The path of the main branch, and of its sink. */
export const mainId = 'sink'

/** The path of a branch. */
export const branchId = (parent: string, index: number): string => `${parent}/branches/${index}`

/** The path of an operator in a branch. */
export const operatorId = (branch: string, index: number): string =>
  branch === mainId ? `operators/${index}` : `${branch}/operators/${index}`

/**
 * The same tree with other outputs. In each branch, the sink comes first, then the side outputs in the order of their
 * operators, then the branches below.
 */
export function mapOutputs<From, To>(
  { definitions, sink, side, branches, onError }: BranchOf<From>,
  map: (output: From, place: OutputPlace) => To,
  id = mainId,
): BranchOf<To> {
  return {
    definitions,
    ...(sink === undefined ? {} : { sink: map(sink, { id }) }),
    side: side.map((outputs, index) => {
      const owner = operatorId(id, index)
      const mapped = Object.entries(outputs ?? {}).map(([output, from]) => [
        output,
        map(from, { id: `${owner}/${output}`, owner, operator: definitions[index]?.name as string, output }),
      ])
      return outputs && Object.fromEntries(mapped)
    }),
    branches: branches.map((branch, index) => mapOutputs(branch, map, branchId(id, index))),
    onError,
  }
}

/** All outputs of a tree, in the order of {@link mapOutputs}. */
export function outputsOf<Output>(branch: BranchOf<Output>): Output[] {
  const outputs: Output[] = []
  mapOutputs(branch, output => outputs.push(output))
  return outputs
}

/** The operators of a branch and of those below. */
export function definitionsOf({ definitions, branches }: BranchOf<unknown>): readonly Definition[] {
  return [...definitions, ...branches.flatMap(definitionsOf)]
}

/**
 * Whether every element that is not a record has an operator that accepts it: one of the branch, or one in each of its
 * branches. A user's stream does not pass such elements on.
 */
export function acceptsRejected({ definitions, branches }: BranchOf<unknown>): boolean {
  for (const definition of definitions) {
    if ('createStream' in definition) return false
    if ('create' in definition && definition.acceptsRejected) return true
  }
  return branches.length > 0 && branches.every(acceptsRejected)
}
