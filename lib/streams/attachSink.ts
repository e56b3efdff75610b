import { Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import type { SinkStage } from '../stage/SinkStage.ts'
import { type Attachment, attach, type Detached, stage } from './attach.ts'
import { SinkWritable } from './SinkWritable.ts'
import { type SideSink, sharedSink, writableSink } from './writableSink.ts'

/**
 * The stage of a sink, for a run. For one of leadpipe's own sinks, it is the stage behind the stream, which listens
 * from now on. Any other Writable is written to.
 *
 * @param detached called when other code destroys or ends one of leadpipe's own sinks
 */
export function attachSink(sink: Writable | WritableStream, detached: Detached): Attachment<SinkStage> {
  if (sink instanceof SinkWritable) return sink[attach](detached)
  // A web stream does not say whether it takes records or bytes.
  const takesChunks = sink instanceof WritableStream ? false : undefined
  return unattached(writableSink(writableOf(sink), takesChunks))
}

/** A web stream as a Writable. */
export const writableOf = (sink: Writable | WritableStream): Writable =>
  sink instanceof WritableStream ? Writable.fromWeb(sink, { objectMode: true }) : sink

/** The same for a side output. */
export function attachSide({ sink, isShared }: SideSink, detached: Detached): Attachment<SinkStage> {
  return isShared ? unattached(sharedSink(sink)) : attachSink(sink, detached)
}

/** The stage of a stream that is not leadpipe's own, and that does not listen. */
const unattached = (stage: SinkStage) => ({ stage, release() {}, finish() {}, async close() {} })

/** The stage of a sink, for code that only inspects it. */
export function sinkStage(sink: Writable): SinkStage {
  return sink instanceof SinkWritable ? sink[stage] : writableSink(sink)
}
