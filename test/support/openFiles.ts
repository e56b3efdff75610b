import { readdirSync, readlinkSync } from 'node:fs'
import { eventually } from './eventually.ts'

/**
 * How many files and sockets this process has open. What Node opens for itself when it first needs it (pipes, the
 * descriptors of a thread's event loop) and the loader's cache are not counted.
 */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').filter(descriptor => {
    try {
      return !/^(anon_inode|pipe):|\/tsx-/.test(readlinkSync(`/proc/self/fd/${descriptor}`))
    } catch {
      return false
    }
  }).length
}

/**
 * How many more are open than `before`, once what is being closed is closed: 0 when nothing leaks. Never less, since
 * a test before may have left something to close.
 */
export function leakedFiles(before: number): Promise<number> {
  return eventually(() => Math.max(0, openFiles() - before), 0)
}
