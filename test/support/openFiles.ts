import { readdirSync } from 'node:fs'

/** How many files, sockets and pipes this process has open. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}
