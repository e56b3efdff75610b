import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A TCP proxy that counts the bytes that its server could send. */
export interface CountingProxy {
  origin: string
  /** Bytes that the proxy has received from the server. */
  readonly bytes: number
  /** Open connections between client and proxy. */
  readonly open: number
}

/** Starts a proxy that holds no more than the buffers of a stream, so that backpressure passes through. */
export async function countingProxy(t: Test, origin: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(origin)
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    sockets.add(client)
    client.on('close', () => {
      sockets.delete(client)
      upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
    for (const socket of [client, upstream]) socket.on('error', () => {})
    upstream.on('data', chunk => {
      bytes += chunk.length
    })
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytes() {
      return bytes
    },
    get open() {
      return sockets.size
    },
  }
}
