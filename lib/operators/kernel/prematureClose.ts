/** What Node says of a stream that was closed before its end. */
export function prematureClose(message = 'Premature close'): Error {
  return Object.assign(new Error(message), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}
