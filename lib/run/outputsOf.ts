import type { Writable } from 'node:stream'
import { destination } from '../sinks/file/destination.ts'
import { nameAt } from '../sinks/file/nameAt.ts'
import { Sink } from '../sinks/Sink.ts'

/**
 * The files that sinks of leadpipe's own replace when they are complete, dead letters included: each as it is named,
 * its placeholders filled in, and where it really is.
 */
export async function outputsOf(sinks: readonly Writable[]): Promise<{ path: string; target: string }[]> {
  const identities = sinks.flatMap(sink =>
    sink instanceof Sink ? [sink.identity, sink.identity?.deadLetter] : [],
  )
  const found: { path: string; target: string }[] = []
  for (const identity of identities) {
    const given = (identity as { path?: unknown } | undefined)?.path
    if (typeof given !== 'string') continue
    const path = nameAt(given, new Date())
    const { path: target, how } = await destination(path)
    if (how === 'replace') found.push({ path, target })
  }
  return found
}
