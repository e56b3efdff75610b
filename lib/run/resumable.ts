import type { CheckpointSettings } from '../checkpoint/options.ts'
import { optionError } from '../model/checkOptions.ts'
import { describeStage } from '../operators/kernel/describeStage.ts'
import { Sink } from '../sinks/Sink.ts'
import { LeadSource } from '../source/LeadSource.ts'
import type { Quarantines } from './openQuarantines.ts'
import type { RunArguments } from './readArguments.ts'

/** The parts of a run that keep their place over a restart. */
export interface Resumable {
  source: LeadSource
  sink: Sink<unknown>
  quarantines: readonly Sink<unknown>[]
  /** All of the sinks. */
  sinks: readonly Sink<unknown>[]
}

/**
 * The parts of a run that keep their place over a restart.
 *
 * @throws {LeadpipeError} OPTION when one of them can't.
 */
export function resumable(
  { source, sink }: RunArguments,
  { sinks: quarantines }: Quarantines,
  { whenFinished }: CheckpointSettings,
): Resumable {
  if (!(source instanceof LeadSource)) {
    const expected = 'expected leads() as the source: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(source), true)
  }
  if (!canContinue(sink)) {
    const expected = 'expected toFile() or toHttp() as the sink: no other can go on from a checkpoint'
    throw optionError('run() options: checkpoint', expected, describeStage(sink), true)
  }
  const continued = quarantines.filter(canContinue)
  const other = quarantines.find(quarantine => !canContinue(quarantine))
  if (other !== undefined) {
    const expected = 'expected a path or toFile() with a checkpoint: nothing else can go on from one'
    throw optionError('validate(): quarantine', expected, describeStage(other), true)
  }
  if (whenFinished === 'next' && source.window === undefined) {
    throw optionError('run() options: checkpoint', 'whenFinished: "next" needs seek paging')
  }
  if (whenFinished === 'next' && source.query.stopTime !== undefined) {
    const problem = 'whenFinished: "next" goes up to the present: expected no stopTime in the query'
    throw optionError('run() options: checkpoint', problem)
  }
  return { source, sink, quarantines: continued, sinks: [sink, ...continued] }
}

const canContinue = (sink: unknown): sink is Sink<unknown> =>
  sink instanceof Sink && sink.identity !== undefined
