import { LeadpipeError } from '../errors.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import type { OperatorCounts } from '../operators/kernel/OperatorCounts.ts'
import { Sink } from '../sinks/Sink.ts'
import { LeadSource } from '../source/LeadSource.ts'
import { numberOf, operatorsOfRole } from './operatorsOfRole.ts'
import type { Stages } from './Stages.ts'

/** An equation of the ledger: two numbers, each from a counter of its own, and what they are. */
export interface Entry {
  left: string
  right: string
  values: [left: number, right: number]
}

/**
 * The equations that hold for every run that ended well. Where a later stage wanted no more, what had been
 * read ahead by then is on its side of the equation; what happened further up is no longer comparable.
 */
export function ledger(stages: Stages, setAside: number | undefined): Entry[] {
  return [
    ...quarantineEntries(stages, setAside),
    ...sourceEntries(stages),
    ...operatorEntries(stages),
    ...validateEntries(stages),
    ...junctionEntries(stages),
    ...sinkEntries(stages),
  ]
}

/**
 * Checks that the numbers add up.
 *
 * @throws {LeadpipeError} LEDGER, naming each equation that does not hold.
 */
export function checkLedger(stages: Stages, setAside: number | undefined): void {
  const wrong = ledger(stages, setAside).filter(({ values: [left, right] }) => left !== right)
  if (wrong.length === 0) return
  const sentences = wrong.map(
    ({ left, right, values }) => `${left} = ${values[0]}, but ${right} = ${values[1]}`,
  )
  throw new LeadpipeError('LEDGER', `the numbers of the run do not add up: ${sentences.join('; ')}`, {
    context: { wrong },
  })
}

const entry = (left: string, right: string, a: number, b: number): Entry => ({ left, right, values: [a, b] })

function sourceEntries({ source, junctions }: Stages): Entry[] {
  if (!(source instanceof LeadSource)) return []
  const stopped = junctions.some(junction => junction.stopped)
  const { scanned, scannedOnPages, tokenisedOnPages, decoded, malformed } = source.counts
  const { delivered, rejected, dropped, unused } = source.counts
  const handedOn = delivered + rejected + dropped + unused
  return [
    entry('elements scanned', 'elements seen by stream-json', scannedOnPages, tokenisedOnPages),
    // A source that is stopped may be in the middle of an element.
    ...(stopped ? [] : [entry('elements scanned', 'decoded + malformed', scanned, decoded + malformed)]),
    entry('decoded + malformed', 'delivered + rejected + dropped + unused', decoded + malformed, handedOn),
  ]
}

/** @param setAside records that quarantines of leadpipe's own took */
function quarantineEntries(stages: Stages, setAside: number | undefined): Entry[] {
  if (setAside === undefined) return []
  const quarantined = operatorsOfRole(stages, 'validate')
    .filter(({ definition: { quarantine } }) => typeof quarantine === 'string' || quarantine instanceof Sink)
    .reduce((sum, { counts }) => sum + numberOf(counts, 'quarantined'), 0)
  return [entry('quarantined', 'records in quarantine', quarantined, setAside)]
}

function validateEntries(stages: Stages): Entry[] {
  return operatorsOfRole(stages, 'validate').flatMap(({ counts }) => {
    const valid = numberOf(counts, 'valid')
    const set = numberOf(counts, 'skipped') + numberOf(counts, 'quarantined')
    const into = counts.in + numberOf(counts, 'rejected')
    const used = valid + set + numberOf(counts, 'unused')
    return [
      entry('into validate', 'valid + skipped + quarantined + unused', into, used),
      entry('valid in validate', 'out of validate', valid, counts.out),
    ]
  })
}

function operatorEntries({ middle }: Stages): Entry[] {
  return middle
    .filter(part => part instanceof Operator)
    .flatMap(({ counts }) =>
      counts.slice(1).map((next, index) => {
        const before = counts[index] as OperatorCounts
        return entry(`out of ${before.name}`, `into ${next.name}`, before.out, next.in)
      }),
    )
}

/** What came out of each stream is what passed, or went into the next. */
function junctionEntries({ source, middle, sink, junctions }: Stages): Entry[] {
  const parts = [source, ...middle, sink]
  const lastStop = junctions.findLastIndex(junction => junction.stopped)
  return junctions.flatMap((junction, index) => {
    if (index < lastStop) return []
    const [from, to] = [parts[index], parts[index + 1]] as const
    const passed = junction.passed + junction.unread
    const out = from === undefined ? undefined : outOf(from)
    const into = to === undefined ? undefined : inOf(to)
    return [
      ...(out === undefined ? [] : [entry(`out of ${out[0]}`, 'passed on and read ahead', out[1], passed)]),
      ...(into === undefined ? [] : [entry('passed on', `into ${into[0]}`, junction.passed, into[1])]),
    ]
  })
}

type Part = Stages['source'] | Stages['middle'][number] | Stages['sink']

function outOf(part: Part): [string, number] | undefined {
  if (part instanceof LeadSource) return ['the source', part.counts.delivered + part.counts.rejected]
  const last = part instanceof Operator ? part.counts.at(-1) : undefined
  return last && [last.name, last.out]
}

function inOf(part: Part): [string, number] | undefined {
  if (part instanceof Sink) return ['the sink', part.counts.received]
  if (!(part instanceof Operator)) return undefined
  const [first] = part.counts
  return first && [first.name, first.in + part.rejected]
}

function sinkEntries({ sink }: Stages): Entry[] {
  if (!(sink instanceof Sink)) return []
  const { received, acknowledged } = sink.counts
  return [entry('records into the sink', 'records acknowledged', received, acknowledged)]
}
