import { constants, open } from 'node:fs'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

/** The part of a `FileHandle` that is needed to write a file from its beginning to its end. */
export interface Writer {
  write(bytes: Uint8Array, from: number, length: number): Promise<{ bytesWritten: number }>
  close(): Promise<void>
}

/** Milliseconds from one look for a reader to the next: no event says that a pipe has one. */
const pause = 50

/**
 * Opens a named pipe as soon as it has a reader. Opened or written as a file, a pipe that nobody reads would block a
 * thread of Node, and nothing could end that.
 *
 * @param signal ends the wait for a reader, and the wait of a write until it reads
 */
export async function openPipe(path: string, signal: AbortSignal): Promise<Writer> {
  const socket = new Socket({ fd: await openForReader(path, signal), readable: false, writable: true })
  // Each write rejects with the error.
  socket.on('error', () => {})
  addAbortSignal(signal, socket)
  return {
    write: (bytes, from, length) =>
      new Promise((resolve, reject) => {
        const done = (error?: Error | null) => (error ? reject(error) : resolve({ bytesWritten: length }))
        socket.write(bytes.subarray(from, from + length), done)
      }),
    close: () =>
      new Promise(resolve => {
        if (socket.closed) return resolve()
        socket.once('close', () => resolve())
        socket.destroy()
      }),
  }
}

async function openForReader(path: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return await promisify(open)(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      // Nobody reads yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
    }
    await setTimeout(pause, undefined, { signal })
  }
}
