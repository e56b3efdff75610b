import type { Readable, Writable } from 'node:stream'

/** Whether a stream tells that it is closed. Node has no public name for `emitClose: false`. */
export function emitsClose(stream: Readable | Writable): boolean {
  const { _readableState: readable, _writableState: writable } = stream as {
    _readableState?: { emitClose?: boolean }
    _writableState?: { emitClose?: boolean }
  }
  return (readable?.emitClose ?? true) && (writable?.emitClose ?? true)
}
