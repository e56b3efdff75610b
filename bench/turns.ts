import { runCase } from './runCase.ts'

/** What every benchmark receives. */
export interface Settings {
  leads: number
  rounds: number
  /** URL of another checkout's package: leadpipe's cases also run with it. */
  against: string | undefined
}

/** One measured case: a file in `cases/`, which runs in a process of its own. */
export interface Case {
  name: string
  file: string
  env?: Record<string, string>
  /** True if the file imports leadpipe through `leadpipe.ts`: it can then run with another checkout's package, too. */
  ofLeadpipe?: boolean
}

/**
 * Runs all cases once per round, in every second round in the reverse order, so that none always finds the machine as
 * the same other case has left it. Returns the results of each case.
 *
 * With `against`, each of leadpipe's cases also runs with that package, as a further case.
 */
export async function takeTurns<T>(
  cases: readonly Case[],
  { rounds, against }: { rounds: number; against?: string | undefined },
): Promise<Map<string, T[]>> {
  const all = cases.flatMap(one => {
    if (against === undefined || !one.ofLeadpipe) return one
    return [one, { ...one, name: `${one.name} (--against)`, env: { ...one.env, LEADPIPE: against } }]
  })
  const results = new Map<string, T[]>(all.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, file, env } of round % 2 === 0 ? all : all.toReversed())
      results.get(name)?.push(await runCase<T>(file, env))
  }
  return results
}

/** The median of the number that `number` reads from each result; NaN for no results. */
export function medianOf<T>(results: readonly T[] = [], number: (result: T) => number): number {
  const sorted = results.map(number).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
