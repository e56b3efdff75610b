import { realpath } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { basename, dirname, join, resolve } from 'node:path'
import { checkpointError } from './checkpointError.ts'
import { digestOf } from './digestOf.ts'

/*
 * Two processes that go on from the same checkpoint would write into the same file. A lock file would be left
 * behind by a process that is killed; a socket is not: the system closes it with the process. It has no name in the
 * file system (Linux), or is a pipe of the system's (Windows). Elsewhere a socket's name stays behind, so nothing is
 * held there.
 */

/**
 * Holds a checkpoint for this process. Returns what lets go of it.
 *
 * @throws {LeadpipeError} CHECKPOINT when another run on this machine holds it.
 */
export async function holdCheckpoint(path: string): Promise<() => Promise<void>> {
  const name = await nameOf(path)
  if (name === undefined) return async () => {}
  const server = createServer(socket => socket.destroy())
  try {
    await listen(server, name)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') return async () => {}
    throw checkpointError(
      path,
      'another run is going on with it; wait for its end, or give another path',
      cause,
    )
  }
  server.unref()
  return () => new Promise(done => server.close(() => done()))
}

async function nameOf(path: string): Promise<string | undefined> {
  const folder = await realpath(dirname(resolve(path)))
  const digest = digestOf(join(folder, basename(path))).slice(0, 32)
  if (process.platform === 'linux') return `\0leadpipe-${digest}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\leadpipe-${digest}` : undefined
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(name, () => {
      server.off('error', fail)
      done()
    })
  })
}
