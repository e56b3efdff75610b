import { EventEmitter } from 'node:events'
import { closedEarly, isPrematureClose } from '../async/prematureClose.ts'
import { mainId, type OutputPlace } from '../engine/branches.ts'
import { LeadpipeError, messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'

/** Whether a stream is standard output or standard error, which belong to the process and are never ended. */
export function isStandard(stream: unknown): boolean {
  return stream === process.stdout || stream === process.stderr
}

const claimed = new WeakSet<object>()

/**
 * Records that a run uses its source and its sinks: two runs at once would mix their values, and each would see the
 * other's end. Returns a function that lets another run use them, for a run that has not touched them.
 *
 * @throws {LeadpipeError} OPTION when another run uses one of them.
 */
export function claimStreams(source: unknown, sinks: readonly unknown[]): () => void {
  const streams = [source, ...sinks].filter(
    (part): part is EventEmitter => part instanceof EventEmitter && !isStandard(part),
  )
  for (const stream of streams) {
    if (!claimed.has(stream)) continue
    throw optionError({
      owner: 'run()',
      option: stream === source ? 'source' : 'sink',
      expected: 'a stream that no other run uses',
      received: `a stream (${stream.constructor.name}) in use`,
      remedy: 'create a new one for each run',
    })
  }
  for (const stream of streams) claimed.add(stream)
  return () => {
    for (const stream of streams) claimed.delete(stream)
  }
}

/**
 * The user's error for a failure of a source or a sink. Leadpipe's own errors stay as they are; those of a user's
 * stream are wrapped.
 *
 * @param what the part that failed, such as "the sink"
 */
export function streamError(code: 'SOURCE' | 'SINK', what: string, error: unknown): LeadpipeError {
  if (error instanceof LeadpipeError) return error
  const why = isPrematureClose(error) ? closedEarly : messageOf(error)
  return new LeadpipeError(code, `${what} failed: ${why}${code === 'SINK' ? hint(error) : ''}`, {
    cause: error,
  })
}

/** The user's error for a failure of an output. */
export function outputError({ id, output }: OutputPlace): (error: unknown) => LeadpipeError {
  const what = output ?? (id === mainId ? 'sink' : `output ${id}`)
  return error => streamError('SINK', `the ${what}`, error)
}

/** A hint for Node's error about an object that reaches a Writable which takes bytes. */
function hint(error: unknown): string {
  // The reason of an abort may be anything, also null.
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'ERR_INVALID_ARG_TYPE' ? ' (put encode() before a Writable that takes bytes)' : ''
}
