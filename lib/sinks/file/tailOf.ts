import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { readRange } from './readRange.ts'

const length = 4_096

/**
 * Tells a file from another one of the same length: SHA-256, 64 hexadecimal digits, of the last bytes before a
 * place in it, at most 4,096.
 */
export async function tailOf(handle: FileHandle, before: number): Promise<string> {
  const bytes = await readRange(handle, Math.max(0, before - length), before)
  return createHash('sha256').update(bytes).digest('hex')
}
