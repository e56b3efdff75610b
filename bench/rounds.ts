import { runCase } from './runCase.ts'
import { median } from './table.ts'

/** One measured case: a file in this folder, which runs in a process of its own. */
export interface Case {
  name: string
  file: string
  env?: Record<string, string>
  /** True if the file imports leadpipe through `leadpipe.ts`: it can then run with another checkout's package, too. */
  ofLeadpipe?: boolean
}

/** The results of a case, one per round. */
export interface Results<T> {
  own: T[]
  /** With the other checkout's package; empty without a comparison. */
  base: T[]
}

/**
 * Runs all cases once per round.
 *
 * @param base URL of the other checkout's package. It runs directly after ours, and in every second round directly
 * before, so that neither always finds the machine warmed up. Default: no comparison
 */
export async function runRounds<T>(
  cases: readonly Case[],
  rounds: number,
  base?: string,
): Promise<Map<string, Results<T>>> {
  const results = new Map<string, Results<T>>(cases.map(({ name }) => [name, { own: [], base: [] }]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, file, env, ofLeadpipe } of cases) {
      const { own, base: other } = results.get(name) as Results<T>
      const turns = [async () => own.push(await runCase<T>(file, env))]
      if (base !== undefined && ofLeadpipe)
        turns.push(async () => other.push(await runCase<T>(file, { ...env, LEADPIPE: base })))
      if (round % 2 === 1) turns.reverse()
      for (const turn of turns) await turn()
    }
  }
  return results
}

/** The median of the number that `number` reads from each result. */
export function medianOf<T>(results: readonly T[], number: (result: T) => number): number {
  return median(results.map(number))
}

/**
 * Our number divided by the base's, for each round: the median, with the lowest and the highest in brackets. Empty
 * without a comparison.
 */
export function ratioOf<T>({ own, base }: Results<T>, number: (result: T) => number): string {
  if (base.length === 0) return ''
  const ratios = base.map((result, round) => number(own[round] as T) / number(result))
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
  return `${median(ratios).toFixed(2)} x (${least.toFixed(2)}-${most.toFixed(2)})`
}
