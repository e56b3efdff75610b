const code = 'ERR_STREAM_PREMATURE_CLOSE'

/** What Node says of a stream that was closed before its end. */
export function prematureClose(message = 'Premature close'): Error {
  return Object.assign(new Error(message), { code })
}

/** Whether an error, or whatever was thrown, says that a stream was closed before its end. */
export function isPrematureClose(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null | undefined)?.code === code
}

/** Why a sink that was destroyed writes no more. */
export const closedError = (): Error => new Error('it was closed before its end')
