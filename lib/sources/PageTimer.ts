import { LeadpipeError } from '../errors.ts'

/** Aborts a page that takes too long; paused while a slow consumer holds the page back. */
export class PageTimer {
  readonly #signal = new AbortController()
  #remaining: number
  #started = 0
  #timer: NodeJS.Timeout | undefined

  /** @param milliseconds the limit, or undefined for none */
  constructor(milliseconds: number | undefined) {
    this.#remaining = milliseconds ?? Number.POSITIVE_INFINITY
    this.resume()
  }

  /** Aborts, with a TIMEOUT error as the reason, when the time is up. */
  get signal(): AbortSignal {
    return this.#signal.signal
  }

  resume(): void {
    if (!Number.isFinite(this.#remaining)) return
    this.#started = performance.now()
    this.#timer = setTimeout(() => this.#end(), this.#remaining)
  }

  pause(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#remaining = Math.max(0, this.#remaining - (performance.now() - this.#started))
  }

  #end(): void {
    const message = 'the page took too long (timeouts.page)'
    this.#signal.abort(new LeadpipeError('TIMEOUT', message, { retryable: true }))
  }
}
