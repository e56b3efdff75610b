import type { Clock } from '../../lib/http/Clock.ts'

/**
 * A clock that waits for nobody: a wait moves the time on and is over at once, and every wait is kept. With
 * `hold`, waits last until their signal aborts.
 */
export class FakeClock implements Clock {
  readonly waits: number[] = []
  time = Date.UTC(2026, 0, 1)
  /** Milliseconds by which the date is wrong. */
  skew = 0
  chance = 0
  hold = false
  /** Called when a wait begins. */
  onWait: () => void = () => {}

  now = (): number => this.time + this.skew
  monotonic = (): number => this.time
  random = (): number => this.chance

  wait = (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    this.waits.push(milliseconds)
    this.time += milliseconds
    return new Promise((resolve, reject) => {
      if (!this.hold) resolve()
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.onWait()
    })
  }
}
