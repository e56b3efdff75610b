import { close, constants, createReadStream, fstat, open } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

/**
 * The bytes of a file, a FIFO or a pipe, as a stream that can be destroyed at any moment.
 *
 * @throws {Error} of the file system, such as ENOENT
 */
export async function openBytes(path: string): Promise<Readable> {
  // Opening a FIFO that nobody writes to would wait for a writer, and nothing could end that wait. (Windows knows
  // neither the flag nor the FIFO.)
  const fd = await promisify(open)(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await promisify(fstat)(fd)
    // A thread that reads from a pipe can't be called back: the event loop waits for its bytes instead.
    return stats.isFIFO()
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream(path, { fd })
  } catch (error) {
    await promisify(close)(fd)
    throw error
  }
}
