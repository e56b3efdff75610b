import { Interruption } from './exitCodes.ts'

/**
 * A signal that aborts with an Interruption on SIGINT and SIGTERM, for as long as `work` goes on. A second
 * one of the same kind ends the process at once, as it does by default.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals) =>
    controller.abort(new Interruption(signal as 'SIGINT' | 'SIGTERM'))
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
