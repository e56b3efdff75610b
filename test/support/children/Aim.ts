import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { FileCall } from './watchFileCalls.ts'

/** The messages of the channel `leadpipe:checkpoint`, in the order of a run: the phase and the step of a checkpoint. */
export type SaveStep =
  /** Every sink has flushed; its checkpoint is not saved yet. */
  | 'running flushed'
  | 'running saved'
  /** The end is written and flushed; the prepared checkpoint is not saved yet. */
  | 'prepared flushed'
  | 'prepared saved'
  /** Every file has its final name; the committed checkpoint is not saved yet. */
  | 'committed flushed'
  | 'committed saved'

/** The call to a file at which a process dies. */
export interface CallAim {
  call: FileCall['what']
  /** The end of the path; of a temporary file, without the key: `name.partial`. */
  file: string
  /** The number of the call among those that match, from 1. */
  nth: number
  /** Before the call, after it, or, for a write, when half of the bytes are written. */
  when: 'before' | 'after' | 'half'
  /** Calls count from this step on, since the number of saves before it varies. Default: all calls count. */
  since?: SaveStep
}

/** The step of a save at which a process dies, within the message, so that the run does nothing more. */
export interface StepAim {
  step: SaveStep
  /** The number of the message with this step, from 1. */
  nth: number
}

/** The moment at which a process dies. */
export type Aim = CallAim | StepAim

const ignore = { before() {}, after() {} }
const kill = () => process.kill(process.pid, 'SIGKILL')

/** Kills this process at a moment, with SIGKILL. */
export function killAt(aim: Aim | undefined): {
  before(call: FileCall): void
  after(call: FileCall): void
} {
  if (aim === undefined) return ignore
  if ('call' in aim) return killAtCall(aim)
  let count = 0
  listen(step => {
    if (step !== aim.step) return
    count += 1
    if (count === aim.nth) kill()
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

function listen(onStep: (step: SaveStep) => void): void {
  subscribe('leadpipe:checkpoint', message => {
    const { phase, step } = message as { phase: string; step: string }
    onStep(`${phase} ${step}` as SaveStep)
  })
}

/** The path of a temporary file without the key of the checkpoint, which differs for each folder. */
const keyless = (path: string) => path.replace(/\.[0-9a-f]{8}\.(partial|tmp)$/, '.$1')
