import type { SinkOpening, SinkRun, SinkStage } from '../../lib/stage/SinkStage.ts'
import type { Json } from '../../lib/stage/Stage.ts'
import { reread } from './reread.ts'

/** What a sink gave at a flush, as it comes back from a checkpoint, and how many records came before it. */
export interface Saved {
  state: Json
  records: number
}

/** A run of a sink that can be resumed. */
export type ResumableRun<T = unknown> = SinkRun<T> & Required<Pick<SinkRun<T>, 'flush' | 'counts'>>

/** The key of the checkpoint that sinks are opened for. */
export const checkpointKey = '0123abcd'

/** Opens a stage as a run with a checkpoint does. Default: one that begins, whose failures nobody expects. */
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

/** Waits for a flush and gives its state as a checkpoint keeps it. */
export const flushed = async (run: ResumableRun<never>): Promise<Json> => reread(await run.flush())

/**
 * Writes records, each when there is room for it, and flushes wherever so many of all records came before.
 *
 * @param from the records before this one are written already
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

/** Ends a run as `run` ends one that went well; gives the state that is saved in between. */
export async function finish(run: SinkRun<never>): Promise<Json> {
  const state = reread(await run.prepare())
  await run.commit()
  return state
}
