import { attach } from '../../lib/streams/attach.ts'
import type { SourceReadable } from '../../lib/streams/SourceReadable.ts'

/** A source opened as `run` opens it for a `validate` that takes elements which are not leads: they stand among them. */
export function withRejected<S extends SourceReadable<unknown>>(source: S, origins = false): S {
  const { stage, release } = source[attach](() => {})
  stage.open({ wants: { rejected: true, origins }, fail: error => source.destroy(error as Error) })
  release()
  return source
}
