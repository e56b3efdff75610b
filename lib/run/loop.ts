import type { OpenedRun } from './openRun.ts'

/** Milliseconds after which timers and signals get a turn, even if the stages never wait. */
const longestTurn = 10
/** Number of records between two looks at the clock: one look costs as much as several cheap operators. */
const recordsBetweenLooks = 16

/**
 * Moves every record from the source through the operators to the sinks, until the source ends or no more is wanted.
 */
export async function loop({ source, chain, waiter, place, saver }: OpenedRun): Promise<void> {
  let turned = performance.now()
  let records = 0
  while (!chain.isDone) {
    const batch = await waiter.untilCutShort(source.next())
    if (batch === undefined) return
    place.batch = batch
    place.taken = 0
    // The first save comes before the first record: without it, a crash would repeat records under other keys.
    if (saver?.isNew) await waiter.until(saver.save(place))
    saver?.read(batch.bytes)
    for (const item of batch.items) {
      place.taken += 1
      records += 1
      const wait = chain.receive(item)
      if (wait !== undefined) await waiter.until(wait)
      else waiter.throwIfInterrupted()
      const saving = saver?.took(place)
      if (saving !== undefined) await waiter.until(saving)
      if (chain.isDone) break
      if (records < recordsBetweenLooks) continue
      records = 0
      if (performance.now() - turned < longestTurn) continue
      await waiter.until(new Promise(setImmediate))
      turned = performance.now()
    }
  }
}
