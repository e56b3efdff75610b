import { LeadpipeError } from '../errors.ts'
import { type Equation, equation } from '../stage/Stage.ts'

/** The counts of a sink, each number from a separate counter; absent for a sink that does not count. */
export interface SinkFacts {
  /** For the names of the numbers. */
  name: string
  /** Records that went to it. */
  passed: number
  received?: number | undefined
  acknowledged?: number | undefined
  equations: readonly Equation[]
}

/** The counts of the stages, each number from a separate counter; absent for a stage that does not count. */
export interface LedgerFacts {
  source: { delivered?: number | undefined; equations: readonly Equation[] }
  /** Records, and elements that are not records, that reached the first operator. */
  received: number
  /** Between and inside the operators. */
  operators: readonly Equation[]
  /** The sinks at the ends of branches. */
  sinks: readonly SinkFacts[]
  /** Between sinks and their side outputs. */
  sideOutputs: readonly Equation[]
  /** The counts of quarantined records by operators, and the counts of those that were acknowledged. */
  quarantines: readonly { quarantined: number; acknowledged: number }[]
}

/** The equations that hold for every run that ended well. */
export function ledger({
  source,
  received,
  operators,
  sinks,
  sideOutputs,
  quarantines,
}: LedgerFacts): Equation[] {
  return [
    ...source.equations,
    ...(source.delivered === undefined
      ? []
      : [equation('out of the source', 'received', source.delivered, received)]),
    ...operators,
    ...quarantines.map(({ quarantined, acknowledged }) =>
      equation('quarantined', 'records in quarantine', quarantined, acknowledged),
    ),
    ...sinks.flatMap(sinkEquations),
    ...sideOutputs,
  ]
}

function sinkEquations({ name, passed, received, acknowledged, equations }: SinkFacts): Equation[] {
  if (received === undefined) return [...equations]
  return [
    equation('passed on', `into ${name}`, passed, received),
    ...(acknowledged === undefined
      ? []
      : [equation(`records into ${name}`, 'records acknowledged', received, acknowledged)]),
    ...equations,
  ]
}

/**
 * Checks that the numbers add up.
 *
 * @throws {LeadpipeError} LEDGER, naming each equation that does not hold.
 */
export function checkLedger(equations: readonly Equation[]): void {
  const wrong = equations.filter(({ values: [left, right] }) => left !== right)
  if (wrong.length === 0) return
  const sentences = wrong.map(
    ({ left, right, values }) => `${left} = ${values[0]}, but ${right} = ${values[1]}`,
  )
  throw new LeadpipeError('LEDGER', `the numbers of the run do not add up: ${sentences.join('; ')}`, {
    context: { wrong },
  })
}
