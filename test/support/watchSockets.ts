import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Watches the connections of a server; must be called before the first one. */
export function watchSockets(server: Server): { open: Set<Socket>; allClosed(): Promise<void> } {
  const open = new Set<Socket>()
  const closing = new Set<Promise<unknown>>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    closing.add(
      new Promise<void>(resolve => {
        socket.once('close', () => {
          open.delete(socket)
          resolve()
        })
      }),
    )
  })
  return {
    open,
    async allClosed() {
      await Promise.all(closing)
    },
  }
}
