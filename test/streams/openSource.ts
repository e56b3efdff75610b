import type { SourceRun, SourceStage } from '../../lib/stage/SourceStage.ts'
import { attachSource } from '../../lib/streams/attachSource.ts'

/** An open source, and the failures that it reported between two batches. */
export interface OpenSource {
  source: SourceRun
  failures: unknown[]
}

/** Opens the stage of a source, as `run` does. */
function openStage(stage: SourceStage): OpenSource {
  const failures: unknown[] = []
  const source = stage.open({
    wants: { rejected: false, origins: false },
    fail: error => failures.push(error),
  })
  return { source, failures }
}

/** Opens a user's source. */
export function openSource(given: Iterable<unknown> | AsyncIterable<unknown>): OpenSource {
  return openStage(attachSource(given, () => {}).stage)
}

/** All batches of a source, up to its end or its failure. */
export async function batchesOf({
  source,
}: OpenSource): Promise<{ batches: unknown[][]; failure?: unknown }> {
  const batches: unknown[][] = []
  try {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const items: unknown[] = []
      batches.push(items)
      for (const item of batch.items) items.push(item)
    }
    return { batches }
  } catch (failure) {
    return { batches, failure }
  }
}
