import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Writable } from 'node:stream'
import type { CheckpointMessage } from '../../lib/index.ts'

/** The moments at which a process may be killed, and what a restart finds then differs. */
export type Moment =
  /** A checkpoint of a run that goes on was saved: the first one before the first record. */
  | 'saved'
  /** It is saved that everything is written; no file has its name yet. */
  | 'complete'
  /** Every file has its name, and nothing says so. */
  | 'ended'

/** The moment that a message of the channel tells of; undefined for any other. */
function momentOf({ phase, step }: CheckpointMessage): Moment | undefined {
  if (phase === 'committed') return step === 'flushed' ? 'ended' : undefined
  if (step === 'flushed') return undefined
  return phase === 'running' ? 'saved' : 'complete'
}

let unwatch = () => {}

/**
 * Calls `look` at each of these moments of the run that the sink is made for; the run waits meanwhile. One run at a time
 * is watched: until its sink is closed, or the next one is watched.
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
