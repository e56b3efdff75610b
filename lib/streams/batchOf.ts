import type { Batch } from '../stage/SourceStage.ts'

const nowhere = () => undefined

/** A batch of a source that can't be resumed. */
export const batchOf = (items: Iterable<unknown>): Batch<unknown> => ({
  items,
  bytes: 0,
  positionAfter: nowhere,
})
