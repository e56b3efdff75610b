import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A TCP server that calls `answer` for each request; closed with its connections when the test ends. */
export async function listenRaw(
  t: Test,
  answer: (socket: Socket, request: string) => void,
): Promise<{ origin: string; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', request => answer(socket, request.toString('latin1')))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, port, sockets }
}
