import type { OpenedRun } from './openRun.ts'

/** Milliseconds after which the event loop gets a turn, even if the stages never wait. */
const maxTurn = 10
/** Number of records between two readings of the clock: one costs as much as several cheap operators. */
const recordsBetweenChecks = 16

/**
 * Moves every record from the source through the operators to the sinks, until the source ends or no more is wanted.
 */
export async function loop({ source, chain, waiter, progress, saver }: OpenedRun): Promise<void> {
  let turned = performance.now()
  let records = 0
  while (!chain.isDone) {
    const batch = await waiter.untilCutShort(source.next())
    if (batch === undefined) return
    progress.batch = batch
    progress.processed = 0
    // The first save comes before the first record: without it, a crash would repeat records under other keys.
    if (saver?.isNew) await waiter.until(saver.save(progress))
    saver?.countBytes(batch.bytes)
    for (const item of batch.items) {
      progress.processed += 1
      records += 1
      const wait = chain.receive(item, batch.lineOf?.(progress.processed - 1))
      if (wait !== undefined) await waiter.until(wait)
      else waiter.throwIfInterrupted()
      const saving = saver?.countProcessed(progress)
      if (saving !== undefined) await waiter.until(saving)
      if (chain.isDone) break
      if (records < recordsBetweenChecks) continue
      records = 0
      if (performance.now() - turned < maxTurn) continue
      await waiter.until(new Promise(setImmediate))
      turned = performance.now()
    }
  }
}
