import { resolve } from 'node:path'
import { targetOf } from '../files/paths.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import type { Claim, SinkStage } from '../stage/SinkStage.ts'
import { ownFingerprint } from '../streams/ownStage.ts'
import { SinkWritable } from '../streams/SinkWritable.ts'
import { fileError } from './file/destination.ts'
import { type Open, OwnSinkRun } from './OwnSinkRun.ts'

/** What is known about a sink of your own before it is opened. */
export interface SinkOptions {
  /**
   * Where and how the sink writes (an address, a table), as plain JSON. A checkpoint that was saved with other options
   * is refused. The text of `open` is not compared. Default: none.
   */
  options?: unknown
  /**
   * The files that it writes. A run with two outputs in one file is refused, and so is a checkpoint with other files.
   * With a checkpoint, no other run on this machine can write to them at the same time. Their directories must exist.
   * Default: none.
   */
  files?: readonly string[] | undefined
  /** The destination of the records, for the report. Default: the first of `files`. */
  destination?: string | undefined
}

/** What the options accept. */
export const sinkRules: OptionRules = {
  owner: 'sink()',
  options: {
    options: { expected: 'plain JSON' },
    files: { type: 'array', items: { type: 'string', minLength: 1 }, expected: 'a list of paths' },
    destination: { type: 'string', minLength: 1, expected: 'a text that is not empty' },
  },
}

/**
 * Makes a sink of your own, which can be resumed from a checkpoint.
 *
 * `open` returns an object with `write`, and with `flush` if the sink is used with a checkpoint. Its functions are
 * called one at a time. A record is acknowledged when the `flush` or `prepare` after it has settled; without both, when its
 * `write` has settled.
 *
 * `open` is called before the first record, and not at all if the source fails before it. If it throws or rejects, or a
 * function of its result does, the run fails with SINK; a LeadpipeError reaches the caller as it is.
 *
 * @param name for errors, the report and the checkpoint
 * @throws {LeadpipeError} OPTION for a missing name or function, an unknown option or a wrong value. The run fails with
 * OPTION if `open` returns an object without `write`, or, with a checkpoint, without `flush`.
 *
 * @example
 * ```ts
 * // The number of the last row is the state. It is committed together with the rows.
 * const toTable = sink<Row, number>('toTable', async ({ state = 0 }) => {
 *   const database = await connect()
 *   await database.query('DELETE FROM contacts WHERE number > ?', [state])
 *   await database.query('BEGIN')
 *   let number = state
 *   return {
 *     write: row => database.query('INSERT INTO contacts VALUES (?, ?)', [++number, row.email]),
 *     async flush() {
 *       await database.query('COMMIT')
 *       await database.query('BEGIN')
 *       return number
 *     },
 *     end: () => database.close(),
 *   }
 * })
 * await run(contacts, toTable, { checkpoint: 'contacts.checkpoint.json' })
 * ```
 */
export function sink<T, S = unknown>(name: string, open: Open<T, S>, options?: SinkOptions): OwnSink<T> {
  const { options: description, files = [], ...rest } = checkOptions(options, sinkRules)
  const paths = files.map(path => resolve(path))
  const { destination = paths[0] } = rest
  const own = ownFingerprint('sink', { name, code: { open }, options: description })
  return new OwnSink<T>({
    name,
    fingerprint: paths.length === 0 ? own : { ...own, files: paths },
    claims: () => Promise.all(paths.map(claim)),
    open: async ({ state }) => new OwnSinkRun<T>(name, open as Open<T>, state, destination),
  })
}

/** A sink of your own as a Writable. Made by `sink()`. */
export class OwnSink<T> extends SinkWritable<T> {
  /** The name that it was created with. */
  readonly name: string

  constructor(stage: SinkStage<T>) {
    super(stage)
    this.name = stage.name
  }
}

async function claim(path: string): Promise<Claim> {
  try {
    return { path, target: await targetOf(path) }
  } catch (error) {
    throw fileError(path, error)
  }
}
