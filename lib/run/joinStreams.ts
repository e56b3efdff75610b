import { OutgoingMessage } from 'node:http'
import { type Duplex, finished, type Readable, type Writable } from 'node:stream'
import { Mark } from '../model/Mark.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { Sink } from '../sinks/Sink.ts'
import { LeadSource } from '../source/LeadSource.ts'
import { QuarantineSource } from '../source/QuarantineSource.ts'
import { isStandard } from '../streams/isStandard.ts'
import { prematureClose } from '../streams/prematureClose.ts'
import { pump } from '../streams/pump.ts'
import type { Junction } from './Stages.ts'

/** A failure, and which of the joined streams failed. */
export interface StreamFailure {
  error: unknown
  index: number
}

/** Streams that run into each other. */
export interface Joined {
  /**
   * Resolves when the last stream has finished, or to the first failure, and every stream of leadpipe's own is closed.
   * A stream of the user's is destroyed and not waited for: that of a generator closes when its next value is there,
   * which may never be.
   */
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
  const detach: (() => void)[] = []
  const ended = new Promise<StreamFailure | undefined>(resolve => {
    settle = resolve
  }).finally(() => {
    for (const leave of detach) leave()
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
    junction.unread = from instanceof LeadSource ? from.unread : from.readableLength
    stoppedBefore = Math.max(stoppedBefore, index)
    detach[index - 1]?.()
    for (const [before, stream] of streams.slice(0, index).entries()) {
      // How they end is of no interest any more, nor when: the end of a user's may never come.
      open.delete(before)
      destroy(stream)
    }
    to.end()
  }

  /**
   * finished() is content with a stream that was destroyed when it had nothing to hand over any more, although
   * its last act (a flush to the disk, the end for those behind it) had not come, and with one that ended
   * itself while there was more to come.
   */
  function endedEarly(index: number): boolean {
    const [before, stream] = [streams[index - 1] as Readable | undefined, streams[index]]
    if (before?.readableEnded === false && !junctions[index - 1]?.stopped) return true
    if (isStandard(stream) || stream instanceof OutgoingMessage) return false
    const { readableEnded } = stream as Readable
    const { writableFinished } = stream as Writable
    return (index < last && readableEnded === false) || (index > 0 && writableFinished === false)
  }

  for (const [index, junction] of junctions.entries()) {
    const [from, to] = [streams[index] as Readable, streams[index + 1] as Writable]
    const pass = (value: unknown) => {
      if (value instanceof Mark) value.passed.push(junction.passed)
      else junction.passed += 1
    }
    detach.push(pump(from, to, pass, error => fail(error, index + 1)))
  }
  const open = new Set<number>(streams.keys())
  for (const [index, stream] of streams.entries()) {
    // finished() takes its listeners away when it is done; a late error must not crash the process.
    stream.on('error', ignore)
    const conclude = (told?: Error | null) => {
      const error = told ?? (endedEarly(index) ? prematureClose() : undefined)
      open.delete(index)
      if (error && index >= stoppedBefore) fail(error, index)
      else if (open.size === 0) Promise.all(streams.map(closed)).then(() => settle(failure))
    }
    if (isStandard(stream) && index === last) {
      detach.push(whenFlushed(stream as Writable, streams[index - 1] as Readable, conclude))
    } else {
      // Of a Duplex at either end, the other half is the user's affair.
      finished(stream, { readable: index < last, writable: index > 0 }, conclude)
    }
  }
  return { ended, stopBefore, fail }
}

const ignore = () => {}

/**
 * Standard output is never ended: it is done when its feeder is and the last bytes are out. Returns what ends
 * the wait.
 */
function whenFlushed(
  stream: Writable,
  feeder: Readable,
  callback: (error?: Error | null) => void,
): () => void {
  const flush = () => {
    stream.write('', callback)
  }
  stream.once('error', callback)
  feeder.once('end', flush)
  return () => {
    stream.off('error', callback)
    feeder.off('end', flush)
  }
}

function destroy(stream: Readable | Writable): void {
  if (!isStandard(stream) && !stream.destroyed) stream.destroy()
}

/** Resolves when a stream of leadpipe's own that was destroyed or ended has let go of what it held. */
function closed(stream: Readable | Writable): Promise<void> {
  if (!isOwn(stream) || stream.closed || !stream.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    stream.once('close', resolve)
  })
}

const ownKinds = [LeadSource, QuarantineSource, Operator, Sink]

const isOwn = (stream: unknown) => ownKinds.some(kind => stream instanceof kind)
