import type { PortalRequest } from './Portal.ts'

const maxKept = 1_000

/** Keeps the last 1,000 requests and counts all of them, so that a portal may run for weeks. */
export class RequestLog {
  readonly #last: PortalRequest[] = []
  #count = 0

  add(request: PortalRequest): void {
    this.#last.push(request)
    if (this.#last.length > maxKept) this.#last.shift()
    this.#count++
  }

  /** A copy, oldest first. */
  get last(): readonly PortalRequest[] {
    return [...this.#last]
  }

  get count(): number {
    return this.#count
  }
}
