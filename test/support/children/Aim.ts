import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { FileCall } from './watchFileCalls.ts'

/** What the channel `leadpipe:checkpoint` tells, in the order of a run: the phase of a checkpoint, and how far it is. */
export type Told =
  /** Every sink has flushed, and the checkpoint that says so is not saved. */
  | 'running flushed'
  | 'running saved'
  /** The end is written and flushed, and the checkpoint that says so is not saved. */
  | 'prepared flushed'
  | 'prepared saved'
  /** Every file has its name, and the last word is not saved. */
  | 'committed flushed'
  | 'committed saved'

/** At which call to a file a process dies. */
export interface CallAim {
  call: FileCall['what']
  /** What the path ends with; of a temporary file, without the key: `name.partial`. */
  file: string
  /** The how-manieth of such calls, from 1. */
  nth: number
  /** Before the call, behind it, or, of a write, when half of the bytes are written. */
  when: 'before' | 'after' | 'half'
  /** Calls count from when this was told; how often a run saves before is not always the same. Default: all calls. */
  since?: Told
}

/** At which word of the channel a process dies: within it, so that the run does nothing more. */
export interface ToldAim {
  told: Told
  /** The how-manieth time, from 1. */
  nth: number
}

/** At which moment a process dies. */
export type Aim = CallAim | ToldAim

const ignore = { before() {}, after() {} }
const kill = () => process.kill(process.pid, 'SIGKILL')

/** Kills this process at the moment that is aimed at, as any other process would. */
export function killAt(aim: Aim | undefined): {
  before(call: FileCall): void
  after(call: FileCall): void
} {
  if (aim === undefined) return ignore
  if ('call' in aim) return killAtCall(aim)
  let told = 0
  listen(found => {
    if (found !== aim.told) return
    told += 1
    if (told === aim.nth) kill()
  })
  return ignore
}

function killAtCall({ call, file, nth, when, since }: CallAim) {
  let isSince = since === undefined
  if (!isSince) {
    listen(found => {
      if (found === since) isSince = true
    })
  }
  let made = 0
  const meets = ({ what, path }: FileCall) => isSince && what === call && keyless(path).endsWith(file)
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

function listen(hear: (found: Told) => void): void {
  subscribe('leadpipe:checkpoint', message => {
    const { phase, step } = message as { phase: string; step: string }
    hear(`${phase} ${step}` as Told)
  })
}

/** The path of a temporary file without the key of the checkpoint, which is another in each folder. */
const keyless = (path: string) => path.replace(/\.[0-9a-f]{8}\.partial$/, '.partial')
