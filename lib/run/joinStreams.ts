import { type Duplex, finished, type Readable, type Writable } from 'node:stream'
import type { Junction } from './Stages.ts'

/** A failure, and which of the joined streams failed. */
export interface StreamFailure {
  error: unknown
  index: number
}

/** Streams that run into each other. */
export interface Joined {
  /** Resolves when the last stream has finished, or to the first failure, when every stream is closed. */
  ended: Promise<StreamFailure | undefined>
  /** Ends everything before a stream without an error: it wants no more. */
  stopBefore(index: number): void
  /** Fails the whole. */
  fail(error: unknown, index?: number): void
}

/**
 * Joins streams as `stream.pipeline` does, with one thing more: a stream in the middle can say that it wants
 * no more, which ends those before it without an error and lets those behind it come to their end. In a
 * pipeline that is always a premature close.
 */
export function joinStreams(
  streams: readonly [Readable, ...Duplex[], Writable],
  junctions: readonly Junction[],
): Joined {
  const last = streams.length - 1
  let stoppedBefore = 0
  let failure: StreamFailure | undefined
  let settle: (failure: StreamFailure | undefined) => void
  const ended = new Promise<StreamFailure | undefined>(resolve => {
    settle = resolve
  }).finally(() => {
    for (const stream of streams.filter(isStandard)) stream.off('error', ignore)
  })

  function fail(error: unknown, index = -1): void {
    if (failure !== undefined) return
    failure = { error, index }
    for (const stream of streams) destroy(stream)
    Promise.all(streams.map(closed)).then(() => settle(failure))
  }

  function stopBefore(index: number): void {
    const [from, to] = [streams[index - 1] as Readable, streams[index] as Writable]
    const junction = junctions[index - 1] as Junction
    junction.stopped = true
    junction.unread = from.readableLength
    stoppedBefore = Math.max(stoppedBefore, index)
    from.unpipe(to)
    for (const stream of streams.slice(0, index)) destroy(stream)
    to.end()
  }

  const open = new Set<number>(streams.keys())
  for (const [index, stream] of streams.entries()) {
    // finished() takes its listeners away when it is done; a late error must not crash the process.
    stream.on('error', ignore)
    whenFinished(stream, index === last ? (streams[index - 1] as Readable) : undefined, error => {
      open.delete(index)
      if (error && index >= stoppedBefore) fail(error, index)
      else if (open.size === 0) Promise.all(streams.map(closed)).then(() => settle(failure))
    })
  }
  for (const [index, junction] of junctions.entries()) {
    const [from, to] = [streams[index] as Readable, streams[index + 1] as Writable]
    from.on('data', () => {
      junction.passed += 1
    })
    from.pipe(to)
  }
  return { ended, stopBefore, fail }
}

const ignore = () => {}

const isStandard = (stream: unknown) => stream === process.stdout || stream === process.stderr

function whenFinished(
  stream: Readable | Writable,
  feeder: Readable | undefined,
  callback: (error?: Error | null) => void,
): void {
  if (!isStandard(stream) || feeder === undefined) {
    finished(stream, callback)
    return
  }
  // Standard output is never ended: it is done when its feeder is and the last bytes are out.
  stream.once('error', callback)
  feeder.once('end', () => (stream as Writable).write('', callback))
}

function destroy(stream: Readable | Writable): void {
  if (!isStandard(stream) && !stream.destroyed) stream.destroy()
}

/** Resolves when a destroyed or ended stream has let go of what it held, where it tells. */
function closed(stream: Readable | Writable): Promise<void> {
  if (isStandard(stream) || stream.closed || !stream.destroyed || !tells(stream)) return Promise.resolve()
  return new Promise(resolve => {
    stream.once('close', resolve)
  })
}

/** Node has no public name for whether a stream was made with `emitClose: false`. */
function tells(stream: Readable | Writable): boolean {
  const { _readableState: readable, _writableState: writable } = stream as {
    _readableState?: { emitClose?: boolean }
    _writableState?: { emitClose?: boolean }
  }
  return (readable?.emitClose ?? true) && (writable?.emitClose ?? true)
}
