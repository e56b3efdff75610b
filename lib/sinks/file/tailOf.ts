import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const length = 4_096

/**
 * Tells a file from another one of the same length: SHA-256, 64 hexadecimal digits, of the last bytes before a
 * place in it, at most 4,096.
 */
export async function tailOf(handle: FileHandle, before: number): Promise<string> {
  const from = Math.max(0, before - length)
  const bytes = Buffer.alloc(before - from)
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await handle.read(bytes, read, bytes.length - read, from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return createHash('sha256').update(bytes.subarray(0, read)).digest('hex')
}
