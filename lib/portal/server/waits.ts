import type { ServerResponse } from 'node:http'

/*
 * Waits that end with the connection at the latest, so that no work for a fault or a slow client outlives the client
 * or the portal. They listen to the socket: a response that waits for another one on its connection gets no event
 * when the connection closes.
 */

/** Whether the client has disconnected. */
export function isDisconnected(response: ServerResponse): boolean {
  return response.req.socket.destroyed
}

/** Resolves when the client has read everything written, or has disconnected. */
export function untilDrained(response: ServerResponse): Promise<void> {
  return untilDoneOrDisconnected(response, done => {
    response.on('drain', done)
    return () => response.off('drain', done)
  })
}

/** Resolves after the given milliseconds, or when the client has disconnected. */
export function pause(milliseconds: number, response: ServerResponse): Promise<void> {
  return untilDoneOrDisconnected(response, done => {
    const timer = setTimeout(done, milliseconds)
    return () => clearTimeout(timer)
  })
}

/** Resolves when the connection is closed, by either side. */
export function untilDisconnected(response: ServerResponse): Promise<void> {
  return untilDoneOrDisconnected(response, () => () => {})
}

function untilDoneOrDisconnected(
  response: ServerResponse,
  begin: (done: () => void) => () => void,
): Promise<void> {
  const { socket } = response.req
  return new Promise(resolve => {
    if (socket.destroyed) return resolve()
    const done = (): void => {
      end()
      socket.off('close', done)
      resolve()
    }
    const end = begin(done)
    socket.on('close', done)
  })
}
