import { attach } from '../../lib/streams/attach.ts'
import type { SourceReadable } from '../../lib/streams/SourceReadable.ts'

/** Opens a source as `run` does for a `validate`: it also delivers the elements that are not leads, in their places. */
export function withRejected<S extends SourceReadable<unknown>>(source: S, origins = false): S {
  const { stage, release } = source[attach](() => {})
  stage.open({ wants: { rejected: true, origins }, fail: error => source.destroy(error as Error) })
  release()
  return source
}
