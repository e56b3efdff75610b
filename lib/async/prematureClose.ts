const code = 'ERR_STREAM_PREMATURE_CLOSE'

/** The error that Node reports for a stream that was closed before its end. */
export function prematureClose(message = 'Premature close'): Error {
  return Object.assign(new Error(message), { code })
}

/** Whether a thrown value says that a stream was closed before its end. */
export function isPrematureClose(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null | undefined)?.code === code
}

/** What messages say of a source, a stream or a sink that was closed before its end. */
export const closedEarly = 'it was closed before its end'

/** The error of a sink that was destroyed and writes no more. */
export const closedError = (): Error => new Error(closedEarly)
