import { runCase } from './runCase.ts'
import { median } from './table.ts'

/** What is measured: a file of this folder, run in a process of its own. */
export interface Case {
  name: string
  file: string
  env?: Record<string, string>
  /** True if the file imports leadpipe by `leadpipe.ts`: it is run with the other checkout's package as well. */
  ofLeadpipe?: boolean
}

/** Round by round, what a case printed. */
export interface Results<T> {
  own: T[]
  /** With the other checkout's package; empty if there is nothing to compare with. */
  base: T[]
}

/**
 * Runs all cases once per round.
 *
 * @param base URL of the other checkout's package. Its turn comes right after ours, in every second round right before:
 * neither is always the one that finds the machine warm.
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

/** The median of what `number` reads from each result. */
export function medianOf<T>(results: readonly T[], number: (result: T) => number): number {
  return median(results.map(number))
}

/** How many times the base's number ours is, round by round: the median, and the lowest and the highest in brackets. */
export function ratioOf<T>({ own, base }: Results<T>, number: (result: T) => number): string {
  if (base.length === 0) return ''
  const ratios = base.map((result, round) => number(own[round] as T) / number(result))
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
  return `${median(ratios).toFixed(2)} x (${least.toFixed(2)}-${most.toFixed(2)})`
}
