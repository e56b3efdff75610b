import type { Readable, Writable } from 'node:stream'
import { isStandard } from './isStandard.ts'

/**
 * As `from.pipe(to)`, but a value that `to` does not take is reported: `pipe` lets the exception through to
 * whoever made `from` read, which may be nobody. Returns what ends it.
 */
export function pump(
  from: Readable,
  to: Writable,
  pass: (value: unknown) => void,
  refused: (error: unknown) => void,
): () => void {
  const resume = () => {
    from.resume()
  }
  const write = (value: unknown) => {
    pass(value)
    try {
      if (to.write(value)) return
    } catch (error) {
      refused(error)
      return
    }
    from.pause()
    to.once('drain', resume)
  }
  const end = () => {
    if (!isStandard(to)) to.end()
  }
  from.on('data', write)
  from.once('end', end)
  return () => {
    from.off('data', write)
    from.off('end', end)
    to.off('drain', resume)
  }
}
