import { Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import type { SinkStage } from '../stage/SinkStage.ts'
import { type Attachment, attach, type Detached, stage } from './attach.ts'
import { SinkWritable } from './SinkWritable.ts'
import { writableSink } from './writableSink.ts'

/**
 * The stage of a sink, for a run: of leadpipe's own the one behind the stream, which listens from now on; any other
 * Writable is written to.
 *
 * @param detached called when somebody else destroys or ends a sink of leadpipe's own
 */
export function attachSink(sink: Writable | WritableStream, detached: Detached): Attachment<SinkStage> {
  if (sink instanceof SinkWritable) return sink[attach](detached)
  const writable = sink instanceof WritableStream ? Writable.fromWeb(sink, { objectMode: true }) : sink
  return { stage: writableSink(writable), release() {}, finish() {}, async close() {} }
}

/** The stage of a sink, for those that only look at it. */
export function sinkStage(sink: Writable): SinkStage {
  return sink instanceof SinkWritable ? sink[stage] : writableSink(sink)
}
