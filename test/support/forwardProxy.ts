import { createServer, request as sendOn } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A forward proxy: plain HTTP by absolute URLs, everything else by CONNECT. */
export interface ForwardProxy {
  /** Its URL, without credentials. */
  origin: string
  /** The request lines that it received, without their queries, in order. */
  lines: string[]
  /** The Proxy-Authorization of each of them. */
  credentials: (string | undefined)[]
  /** Its connections to clients. */
  open: Set<Socket>
}

/** Starts a proxy that is closed when the test ends. @param refuse a status with which it refuses every request */
export async function forwardProxy(t: Test, refuse?: number): Promise<ForwardProxy> {
  const lines: string[] = []
  const credentials: (string | undefined)[] = []
  const open = new Set<Socket>()
  const record = (method = '', url = '', authorization: string | undefined) => {
    lines.push(`${method} ${url.replace(/\?.*/, '')}`)
    credentials.push(authorization)
  }
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request
    record(method, url, headers['proxy-authorization'])
    if (refuse !== undefined) {
      response.writeHead(refuse).end('no')
      return
    }
    const onward = sendOn(url, { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  server.on('connect', ({ method, url = '', headers }, socket: Socket) => {
    record(method, url, headers['proxy-authorization'])
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
      return
    }
    const { hostname, port } = new URL(`http://${url}`)
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [socket, onward]) end.on('error', () => {})
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of open) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lines, credentials, open }
}
