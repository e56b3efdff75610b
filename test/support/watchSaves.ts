import type { Writable } from 'node:stream'
import { Mark } from '../../lib/model/Mark.ts'
import type { FileSink } from '../../lib/sinks/file/FileSink.ts'
import type { HttpSink } from '../../lib/sinks/http/HttpSink.ts'
import type { Continuation } from '../../lib/sinks/Sink.ts'

/** The moments at which a process may be killed, and what a restart finds then differs. */
export type Moment =
  /** A checkpoint of a mark was saved. */
  | 'saved'
  /** It is saved that everything is written; no file has its name yet. */
  | 'complete'
  /** The sink has ended: its file has its name. */
  | 'ended'

/** Calls `look` at each of these moments of a run, which goes on when it returns. */
export function watchSaves<S extends FileSink | HttpSink>(sink: S, look: (moment: Moment) => void): S {
  const watched = sink as Writable & S
  const { _write, _final, continueFrom } = watched
  watched._write = (record, encoding, callback) => {
    _write.call(watched, record, encoding, error => {
      if (record instanceof Mark && !error) look('saved')
      callback(error)
    })
  }
  watched._final = callback => {
    _final.call(watched, error => {
      if (!error) look('ended')
      callback(error)
    })
  }
  watched.continueFrom = ({ complete, ...given }: Continuation) =>
    continueFrom.call(watched, {
      ...given,
      async complete(state: unknown) {
        await complete(state)
        look('complete')
      },
    })
  return sink
}
