import type { Writable } from 'node:stream'
import { destination } from '../sinks/file/destination.ts'
import { nameAt } from '../sinks/file/nameAt.ts'
import { Sink } from '../sinks/Sink.ts'

/** A file that is replaced when it is complete. */
export interface OutputFile {
  /** As it is named, its placeholders filled in. */
  path: string
  /** Where it really is. */
  target: string
}

/** The files of sinks of leadpipe's own, dead letters included. */
export async function outputsOf(sinks: readonly Writable[]): Promise<OutputFile[]> {
  const identities = sinks.flatMap(sink =>
    sink instanceof Sink ? [sink.identity, sink.identity?.deadLetter] : [],
  )
  const found: OutputFile[] = []
  for (const identity of identities) {
    const given = (identity as { path?: unknown } | undefined)?.path
    if (typeof given !== 'string') continue
    const path = nameAt(given, new Date())
    const { path: target, how } = await destination(path)
    if (how === 'replace') found.push({ path, target })
  }
  return found
}
