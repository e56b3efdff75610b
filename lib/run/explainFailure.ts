import { LeadpipeError } from '../errors.ts'
import { messageOf } from '../model/messageOf.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { Sink } from '../sinks/Sink.ts'
import { LeadSource } from '../source/LeadSource.ts'
import { isPrematureClose } from '../streams/prematureClose.ts'
import type { StreamFailure } from './joinStreams.ts'
import type { Foreign, Stages } from './Stages.ts'

/**
 * The error that a run rejects with. leadpipe's own errors, and an abort's reason, stay as they are; an error
 * of a stream of the user's is wrapped in SOURCE, OPERATOR or SINK.
 */
export function explainFailure({ error, index }: StreamFailure, { source, middle, sink }: Stages): unknown {
  if (error instanceof LeadpipeError) return error
  const premature = isPrematureClose(error)
  const why = premature ? 'it was closed before its end' : messageOf(error)
  const part = [source, ...middle, sink][index]
  // A LeadSource fails with errors of ours, or with the reason of the signal that it was given.
  if (part === undefined || (part instanceof LeadSource && !premature)) return error
  const options = { cause: error }
  if (index === 0) return new LeadpipeError('SOURCE', `the source failed: ${why}`, options)
  if (part instanceof Sink || part === sink)
    return new LeadpipeError('SINK', `the sink failed: ${why}${hint(error)}`, options)
  const name =
    part instanceof Operator
      ? part.definitions.map(definition => definition.name).join(' + ')
      : (part as Foreign).name
  return new LeadpipeError('OPERATOR', `${name}: ${why}`, { ...options, context: { operator: name } })
}

/** What Node says when an object reaches a Writable that takes bytes. */
function hint(error: unknown): string {
  // The reason of an abort may be anything, null as well.
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  const bytesWanted = code === 'ERR_INVALID_ARG_TYPE'
  return bytesWanted ? ' (put encode() in front of a Writable that takes bytes)' : ''
}
