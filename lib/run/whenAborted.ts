import { onAbort } from '../client/onAbort.ts'

/** A promise that rejects with the reason when a signal aborts, and what ends the wait for that. */
export function whenAborted(signal: AbortSignal | undefined): {
  aborted: Promise<never>
  forget: () => void
} {
  let forget = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal === undefined) return
    const tell = () => reject(signal.reason)
    if (signal.aborted) tell()
    else forget = onAbort(signal, tell)
  })
  // Nobody may be waiting when it comes.
  aborted.catch(() => {})
  return { aborted, forget }
}
