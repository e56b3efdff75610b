import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Writable } from 'node:stream'
import type { CheckpointMessage } from '../../lib/index.ts'

/** The moments at which a kill makes a difference to the next start. */
export type Moment =
  /** A checkpoint of a running run is saved; the first one before the first record. */
  | 'saved'
  /** The prepared checkpoint is saved; no file has its final name yet. */
  | 'complete'
  /** Every file has its final name; the committed checkpoint is not saved yet. */
  | 'ended'

/** The moment of a message of the channel; undefined for any other message. */
function momentOf({ phase, step }: CheckpointMessage): Moment | undefined {
  if (phase === 'committed') return step === 'flushed' ? 'ended' : undefined
  if (step === 'flushed') return undefined
  return phase === 'running' ? 'saved' : 'complete'
}

let unwatch = () => {}

/**
 * Calls `look` at each of these moments of the run with this sink; the run waits meanwhile. One run is watched at a time,
 * until its sink is closed or the next one is watched.
 */
export function watchSaves<S extends Writable>(sink: S, look: (moment: Moment) => void): S {
  unwatch()
  const listen = (message: unknown) => {
    const moment = momentOf(message as CheckpointMessage)
    if (moment !== undefined) look(moment)
  }
  subscribe('leadpipe:checkpoint', listen)
  unwatch = () => unsubscribe('leadpipe:checkpoint', listen)
  sink.once('close', () => unsubscribe('leadpipe:checkpoint', listen))
  return sink
}
