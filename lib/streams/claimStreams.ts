import { EventEmitter } from 'node:events'
import { optionError } from '../options/checkOptions.ts'
import { isStandard } from './isStandard.ts'

const claimed = new WeakSet<object>()

/**
 * Takes note that a run uses its source and its sink: two at once would mix their values, and each would see
 * the other's end. Returns what lets another run use them, for a run that has not touched them.
 *
 * @throws {LeadpipeError} OPTION when another run has one of them.
 */
export function claimStreams({ source, sink }: { source: unknown; sink: unknown }): () => void {
  const streams = [source, sink].filter(
    (part): part is EventEmitter => part instanceof EventEmitter && !isStandard(part),
  )
  for (const stream of streams) {
    if (!claimed.has(stream)) continue
    const what = stream === sink ? 'the sink' : 'the source'
    throw optionError(`run(): ${what}`, 'another run uses it; make a new one for each run')
  }
  for (const stream of streams) claimed.add(stream)
  return () => {
    for (const stream of streams) claimed.delete(stream)
  }
}
