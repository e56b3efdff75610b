import { Readable } from 'node:stream'
import type { SourceStage } from '../stage/SourceStage.ts'
import { asyncIterableSource } from './asyncIterableSource.ts'
import { type Attachment, attach, type Detached } from './attach.ts'
import { iterableSource } from './iterableSource.ts'
import { readableSource } from './readableSource.ts'
import { SourceReadable } from './SourceReadable.ts'

/** What `run` reads: a stream of leadpipe's own, any Readable or web stream, an iterable. */
export type AnySource = AsyncIterable<unknown> | Iterable<unknown>

/**
 * The stage of a source, for a run: of leadpipe's own the one behind the stream, which listens from now on; any other
 * Readable or iterable is read.
 *
 * @param detached called when somebody else destroys a source of leadpipe's own
 */
export function attachSource(source: AnySource, detached: Detached): Attachment<SourceStage> {
  if (source instanceof SourceReadable) return source[attach](detached)
  return { stage: stageOf(source), release() {}, finish() {}, async close() {} }
}

function stageOf(source: AnySource): SourceStage {
  if (source instanceof Readable) return readableSource(source)
  if (Symbol.asyncIterator in source) return asyncIterableSource(source)
  // Bytes are one value, as for Readable.from().
  return iterableSource(source instanceof Buffer ? [source] : source)
}
