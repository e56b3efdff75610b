/** So many retries are always allowed: a share of few requests says nothing. */
const free = 100

/**
 * Bounds the retries of a client in all: each request has its own few, but a server that fails most requests,
 * for hours, should not be asked for hours.
 */
export class RetryBudget {
  readonly #share: number
  #requests = 0
  #retries = 0

  /** @param share the most retries per request, once there were 100 */
  constructor(share: number) {
    this.#share = share
  }

  /** Takes note of a request's first attempt. */
  request(): void {
    this.#requests += 1
  }

  /** Takes a retry; false when the budget is used up. */
  take(): boolean {
    if (this.#retries >= free && this.#retries >= this.#share * this.#requests) return false
    this.#retries += 1
    return true
  }

  /** How it stands, in words. */
  get state(): string {
    return `${this.#retries} retries in ${this.#requests} requests`
  }
}
