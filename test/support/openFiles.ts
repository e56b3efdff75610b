import { readdirSync, readlinkSync } from 'node:fs'
import { eventually } from './eventually.ts'

/**
 * The number of files and sockets that this process has open, without those of Node itself (pipes, descriptors of event
 * loops) and the loader's cache.
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
 * The number of open files above `before`, after pending closes: 0 if nothing leaks. Never negative, since files of an
 * earlier test may be closed meanwhile.
 */
export function leakedFiles(before: number): Promise<number> {
  return eventually(() => Math.max(0, openFiles() - before), 0)
}
