import { open } from 'node:fs/promises'

/** A new name is only durable when its directory is; some systems can't open one, and need not. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  try {
    await directory?.sync()
  } catch {
    // Not supported here: the name stands all the same.
  } finally {
    await directory?.close()
  }
}
