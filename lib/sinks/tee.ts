import { optionError } from '../options/checkOptions.ts'
import { BranchedSink, branchesTo, type GivenSink, streamsOf } from '../streams/BranchedSink.ts'
import { describeStage, isOperator, type Operator } from '../streams/Operator.ts'
import { isSink } from '../streams/readBranch.ts'
import type { SinkWritable } from '../streams/SinkWritable.ts'
import type { BytesWritable, Mistake, NoBytes, RecordSink, RunSink } from '../streams/stageTypes.ts'

/** The types of `tee`. */
interface TeeSignature {
  // The type of the records comes from the place where the tee is used; without one, from the outputs.
  <In>(...outputs: RunSink<NoInfer<In>>[]): SinkWritable<In>
  <In>(...outputs: RecordSink<In>[]): SinkWritable<In>
  <Outputs extends readonly unknown[]>(...outputs: Mistakes<Outputs>): SinkWritable<never>
}

/** The types that the outputs should have had, as `Mistakes` of `run`. */
type Mistakes<Outputs extends readonly unknown[]> = Outputs extends never
  ? Outputs // The compiler infers `Outputs` from here.
  : { [Index in keyof Outputs]: AsOutput<Outputs[Index], Outputs[number]> }

/** @typeParam All the types of all outputs */
type AsOutput<Output, All> =
  Output extends Operator<never, unknown>
    ? Mistake<'an operator is not an output of tee(): write branch(...operators, sink)'>
    : Output extends BytesWritable
      ? Mistake<NoBytes>
      : Output extends RunSink<never>
        ? [All] extends [RecordSink<never>]
          ? Mistake<'these outputs do not all take the records that tee() gets'>
          : Output
        : Mistake<'an output of tee() is a sink, such as toFile(path), or branch(...operators, sink)'>

/**
 * Writes every record to several outputs: one download, several files or receivers, one checkpoint.
 *
 * An output is a sink, or {@link branch} with operators of its own. The next record waits for the slowest output. An
 * output that fails fails the run; a branch may be dropped instead. The outputs share the records: if an operator changes
 * a record in place, the other outputs may get the changed record.
 *
 * In a plain `pipeline`, a quarantine must be a Writable, and a branch can't be dropped.
 *
 * @param outputs at least one
 * @returns a sink. Under `run`, the report holds the numbers of each output in `outputs`.
 * @throws {LeadpipeError} OPTION for an output that is not a sink, or that is there twice.
 *
 * @example
 * ```ts
 * await run(
 *   leads(client),
 *   validate({ onInvalid: 'quarantine', quarantine: 'rejected.ndjson' }),
 *   tee(
 *     toFile('leads.ndjson'),
 *     branch(filter(lead => lead.isCustomer), explodeEvents(), toFile('customers.ndjson.gz')),
 *     branch(project(['guid']), toHttp('https://example.com/guids'), { onError: 'drop' }),
 *   ),
 *   { checkpoint: 'leads.checkpoint.json' },
 * )
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: the signatures say of which records.
export const tee: TeeSignature = (...outputs: unknown[]): SinkWritable<any> => {
  const owner = 'tee()'
  if (outputs.length === 0) throw optionError({ owner, expected: 'at least one output', received: 'none' })
  const sinks = outputs.map((output, index): GivenSink => {
    if (isSink(output)) return output
    const remedy = isOperator(output) ? 'write branch(...operators, sink)' : undefined
    throw optionError({
      owner,
      option: `argument ${index + 1}`,
      expected: 'a sink, such as toFile(path), or branch(...operators, sink)',
      received: describeStage(output),
      remedy,
    })
  })
  const streams = sinks.flatMap(streamsOf)
  const twice = streams.find((stream, index) => streams.indexOf(stream) !== index)
  if (twice !== undefined) {
    const received = `${describeStage(twice)} for two of them`
    throw optionError({ owner, expected: 'a different sink for each output', received })
  }
  return new BranchedSink(
    sinks.flatMap(sink => branchesTo(sink)),
    sinks,
  )
}
