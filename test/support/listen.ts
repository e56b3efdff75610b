import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** An HTTP server on a free local port. */
export interface Listening {
  server: Server
  /** Scheme, host and port. */
  origin: string
  /** The targets of the requests, in the order of arrival. */
  targets: string[]
  /** Resolves to the number of open connections. */
  connections(): Promise<number>
}

/** Starts a server that is closed with its connections when the test ends. */
export async function listen(t: Test, handler: RequestListener): Promise<Listening> {
  const targets: string[] = []
  const server = createServer((request, response) => {
    targets.push(request.url ?? '')
    return handler(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    server,
    origin: `http://127.0.0.1:${port}`,
    targets,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
  }
}
