import { writeSync } from 'node:fs'
import type { FileCall } from './watchFileCalls.ts'

/** At which call a process dies. */
export interface Aim {
  call: FileCall['what']
  /** What the path ends with. */
  file: string
  /** The how-manieth of such calls, from 1. */
  nth: number
  /** Before the call, behind it, or, of a write, when half of the bytes are written. */
  when: 'before' | 'after' | 'half'
}

/** Kills this process at the call that is aimed at, as any other process would. */
export function killAt({ call, file, nth, when }: Aim) {
  let made = 0
  const meets = ({ what, path }: FileCall) => what === call && path.endsWith(file)
  const kill = () => process.kill(process.pid, 'SIGKILL')
  return {
    before(found: FileCall): void {
      if (!meets(found)) return
      made += 1
      if (made !== nth || when === 'after') return
      const { bytes, fd } = found
      if (when === 'half' && bytes && fd !== undefined) writeSync(fd, bytes.subarray(0, bytes.length / 2))
      kill()
    },
    after(found: FileCall): void {
      if (meets(found) && made === nth) kill()
    },
  }
}
