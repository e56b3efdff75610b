import { onAbort } from '../async/onAbort.ts'
import { isThenable } from '../async/promises.ts'
import type { Waiter } from '../async/Waiter.ts'
import { messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import type { RunOptions } from './options.ts'
import type { Report } from './Report.ts'

/** Passes on an abort and reports progress; returns a function that stops both. */
export function watch(
  waiter: Waiter,
  { signal, onProgress, progressInterval }: RunOptions,
  report: () => Report,
): () => void {
  const abort = () => waiter.interrupt(signal?.reason)
  const refuse = (cause: unknown) => {
    const expected = 'a function that does not throw'
    const received = `one that threw: ${messageOf(cause)}`
    waiter.interrupt(optionError({ owner: 'run()', option: 'onProgress', expected, received }, cause))
  }
  const tick = () => {
    let progress: Report
    try {
      progress = report()
    } catch (error) {
      waiter.interrupt(error)
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
