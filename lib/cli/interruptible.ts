import { Interruption, type InterruptionName, interruptionNames } from './exitCodes.ts'
import type { Host } from './Host.ts'

/**
 * Passes on a signal that aborts with an Interruption on SIGHUP, SIGINT and SIGTERM, until `work` has ended. A
 * second signal of the same kind ends the process at once, as it does by default.
 */
export async function interruptible<T>(host: Host, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = (name: InterruptionName) => controller.abort(new Interruption(name))
  for (const name of interruptionNames) host.once(name, abort)
  try {
    return await work(controller.signal)
  } finally {
    for (const name of interruptionNames) host.off(name, abort)
  }
}
