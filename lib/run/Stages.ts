import type { Duplex, Readable, Writable } from 'node:stream'
import { Operator } from '../operators/kernel/Operator.ts'
import type { OperatorCounts } from '../operators/kernel/OperatorCounts.ts'
import { Sink } from '../sinks/Sink.ts'
import { LeadSource } from '../source/LeadSource.ts'
import { numberOf, operatorsOfRole } from './operatorsOfRole.ts'
import type { Report } from './Report.ts'

/** A stream of the user's own between operators. */
export interface Foreign {
  name: string
  stream: Duplex
}

/** Between two streams of a run: counted apart from what the streams count themselves. */
export interface Junction {
  /** Values that passed. */
  passed: number
  /** Whether the later stream wanted no more before the earlier one came to its end. */
  stopped: boolean
  /** Values that were read ahead and not used, because the later stream wanted no more. */
  unread: number
}

/** The streams of a run, first to last, and what passed between each two. */
export interface Stages {
  source: Readable
  middle: (Operator<unknown, unknown> | Foreign)[]
  sink: Writable
  junctions: Junction[]
}

/** Every stream of the stages, first to last. */
export function streamsOf({ source, middle, sink }: Stages): [Readable, ...Duplex[], Writable] {
  return [source, ...middle.map(part => (part instanceof Operator ? part : part.stream)), sink]
}

/** What went through each operator, in order. */
function operatorCounts({ middle, junctions }: Stages): OperatorCounts[] {
  return middle.flatMap((part, index) =>
    part instanceof Operator
      ? part.counts
      : [
          {
            name: part.name,
            in: junctions[index]?.passed ?? 0,
            out: junctions[index + 1]?.passed ?? 0,
          },
        ],
  )
}

/** The report as the numbers stand now. */
export function reportOf(stages: Stages, duration: number): Report {
  const { source, sink, junctions } = stages
  const operators = operatorCounts(stages)
  const received = sink instanceof Sink ? sink.counts.received : (junctions.at(-1)?.passed ?? 0)
  const validated = operatorsOfRole(stages, 'validate')
  const sum = (name: string) => validated.reduce((total, { counts }) => total + numberOf(counts, name), 0)
  // Bytes in front of a Writable of the user's: the operator that made them knows how many records they are.
  const encoded = operatorsOfRole(stages, 'encode').at(-1)
  const written = encoded === undefined ? received : numberOf(encoded.counts, 'records')
  return {
    leads: source instanceof LeadSource ? source.counts.delivered : (junctions[0]?.passed ?? 0),
    records: sink instanceof Sink ? sink.counts.acknowledged : written,
    skipped: sum('skipped'),
    quarantined: sum('quarantined'),
    ...(source instanceof LeadSource && source.missing !== undefined
      ? { missing: { ...source.missing, guids: [...source.missing.guids] } }
      : {}),
    duration,
    ...(source instanceof LeadSource && source.window !== undefined ? { window: source.window } : {}),
    ...(source instanceof LeadSource ? { source: { ...source.counts } } : {}),
    operators,
    sink: sink instanceof Sink ? { ...destinationOf(sink), ...sink.counts } : { received },
  }
}

function destinationOf({ destination }: Sink<unknown>): Pick<Report['sink'], 'destination'> {
  return destination === undefined ? {} : { destination }
}
