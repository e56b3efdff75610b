import { onAbort } from '../client/onAbort.ts'
import { optionFailure } from '../model/checkOptions.ts'
import { messageOf } from '../model/messageOf.ts'
import { isThenable } from '../operators/kernel/isThenable.ts'
import type { Joined } from './joinStreams.ts'
import type { RunOptions } from './options.ts'
import type { Report } from './Report.ts'
import type { RunCheckpoint } from './RunCheckpoint.ts'

/** Passes on an abort and reports progress; returns what ends both. */
export function watch(
  joined: Joined,
  { signal, onProgress, progressInterval = 1_000 }: RunOptions,
  report: () => Report,
  checkpoint: RunCheckpoint | undefined,
): () => void {
  const abort = async () => {
    await checkpoint?.halt(joined.ended)
    joined.fail(signal?.reason)
  }
  const refuse = (cause: unknown) => {
    const message = `run() options: onProgress failed: ${messageOf(cause)}`
    joined.fail(optionFailure('run() options: onProgress', message, cause))
  }
  const tick = () => {
    let progress: Report
    try {
      progress = report()
    } catch (error) {
      joined.fail(error)
      return
    }
    try {
      const shown: unknown = onProgress?.(progress)
      if (isThenable(shown)) shown.then(undefined, refuse)
    } catch (cause) {
      refuse(cause)
    }
  }
  const unlisten = signal && onAbort(signal, abort)
  if (signal?.aborted) abort()
  const timer = onProgress && setInterval(tick, progressInterval)
  return () => {
    unlisten?.()
    clearInterval(timer)
  }
}
