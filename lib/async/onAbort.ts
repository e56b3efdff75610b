/** The callbacks that wait for each signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back when a signal aborts; returns a function that cancels this. A signal gets one listener for any number
 * of callbacks: from the eleventh listener on, Node would warn of a leak.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback()
    return () => {}
  }
  const callbacks = waiting.get(signal) ?? listen(signal)
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size > 0 || waiting.get(signal) !== callbacks) return
    waiting.delete(signal)
    signal.removeEventListener('abort', callAll)
  }
}

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>()
  waiting.set(signal, callbacks)
  signal.addEventListener('abort', callAll, { once: true })
  return callbacks
}

function callAll(this: AbortSignal): void {
  const callbacks = waiting.get(this)
  waiting.delete(this)
  for (const callback of callbacks ?? []) callback()
}

/** The result of `work`; undefined after an abort, because work that waits for a user may never end. */
export async function unlessAborted<V>(work: V | Promise<V>, signal: AbortSignal): Promise<V | undefined> {
  if (!(work instanceof Promise)) return work
  let unlisten = () => {}
  const aborted = new Promise<undefined>(resolve => {
    unlisten = onAbort(signal, () => resolve(undefined))
  })
  return await Promise.race([work, aborted]).finally(unlisten)
}
