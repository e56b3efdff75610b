import type { SinkOpening, SinkRun, SinkStage } from '../../lib/stage/SinkStage.ts'
import type { Json } from '../../lib/stage/Stage.ts'
import { jsonCopy } from './jsonCopy.ts'

/** The state of a sink after a flush, as read back from a checkpoint, and the number of records before it. */
export interface Saved {
  state: Json
  records: number
}

/** A run of a sink that can be resumed. */
export type ResumableRun<T = unknown> = SinkRun<T> & Required<Pick<SinkRun<T>, 'flush' | 'counts'>>

/** The key of the checkpoint that sinks are opened for. */
export const checkpointKey = '0123abcd'

/** Opens a stage as a run with a checkpoint does. By default it is a new run, and a failure throws. */
export async function openResumable<T>(
  stage: SinkStage<T>,
  opening: Partial<SinkOpening> = {},
): Promise<ResumableRun<T>> {
  const fail = (error: unknown) => {
    throw error
  }
  const run = await stage.open({ resumable: checkpointKey, at: () => undefined, fail, ...opening })
  return run as ResumableRun<T>
}

/** Flushes; resolves to the state as a checkpoint keeps it. */
export const flushed = async (run: ResumableRun<never>): Promise<Json> => jsonCopy(await run.flush())

/**
 * Writes records, each when there is room for it, and flushes after the numbers of records in `places`.
 *
 * @param from the index of the first record that is not written yet
 */
export async function writeAll(
  run: ResumableRun<never>,
  records: readonly unknown[],
  places: readonly number[] = [],
  from = 0,
): Promise<Saved[]> {
  const saved: Saved[] = []
  for (let written = from; ; written += 1) {
    for (const place of places) {
      if (place === written) saved.push({ state: await flushed(run), records: written })
    }
    if (written === records.length) return saved
    await run.write(records[written] as never)
  }
}

/** Prepares and commits a run as `run` does; resolves to the prepared state. */
export async function finish(run: SinkRun<never>): Promise<Json> {
  const state = jsonCopy(await run.prepare())
  await run.commit()
  return state
}
