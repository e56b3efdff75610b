import type { Clock } from '../../lib/http/Clock.ts'

/**
 * A clock whose waits end at once and advance its time; `waits` has all of them. With `hold`, waits last until their
 * signal aborts.
 */
export class FakeClock implements Clock {
  readonly waits: number[] = []
  time = Date.UTC(2026, 0, 1)
  /** Milliseconds by which `now` differs from the true time. */
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
