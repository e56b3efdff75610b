import { createServer, type Server } from 'node:net'
import { digestOf, targetOf } from './paths.ts'

/*
 * Two processes that resume the same checkpoint, or write the same output, would write into the same file. A killed
 * process would leave a lock file behind. It does not leave a socket behind, because the system closes the socket
 * with the process. The socket has no name in the file system (Linux), or is a named pipe (Windows). On other systems
 * the name of a socket would remain, so nothing is locked there. Containers that share a directory, but not their
 * network, do not see each other's locks.
 */

/**
 * Locks a file for this process, whichever of its paths is given. Returns a function that releases the lock. If the
 * system provides no socket for it, the file is not locked.
 *
 * @param refusal the error for a file that another run on this machine has locked
 */
export async function lockFile(
  path: string,
  refusal: (cause: unknown) => Error,
): Promise<() => Promise<void>> {
  const name = nameOf(await targetOf(path))
  if (name === undefined) return async () => {}
  const server = createServer(socket => socket.destroy())
  try {
    await listen(server, name)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') return async () => {}
    throw refusal(cause)
  }
  server.unref()
  return () => new Promise(done => server.close(() => done()))
}

function nameOf(target: string): string | undefined {
  const digest = digestOf(target).slice(0, 32)
  if (process.platform === 'linux') return `\0leadpipe-${digest}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\leadpipe-${digest}` : undefined
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail)
    // Workers of a cluster would share it.
    server.listen({ path: name, exclusive: true }, () => {
      server.off('error', fail)
      done()
    })
  })
}
