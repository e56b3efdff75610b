import type { ServerResponse } from 'node:http'

/*
 * Waits that end, at the latest, with the connection; so nothing of a fault or of a slow reader outlives its
 * client or the portal. They listen to the socket: a response that waits behind another on its connection
 * does not hear of the end.
 */

/** Whether nobody is there any more to read an answer. */
export function isGone(response: ServerResponse): boolean {
  return response.req.socket.destroyed
}

/** Resolves when the reader has taken what was written. */
export function drained(response: ServerResponse): Promise<void> {
  return untilGone(response, done => {
    response.on('drain', done)
    return () => response.off('drain', done)
  })
}

/** Resolves when so many milliseconds are over. */
export function pause(milliseconds: number, response: ServerResponse): Promise<void> {
  return untilGone(response, done => {
    const timer = setTimeout(done, milliseconds)
    return () => clearTimeout(timer)
  })
}

/** Resolves when the connection is closed, whoever closed it. */
export function gone(response: ServerResponse): Promise<void> {
  return untilGone(response, () => () => {})
}

function untilGone(response: ServerResponse, begin: (done: () => void) => () => void): Promise<void> {
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
