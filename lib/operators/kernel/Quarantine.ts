import type { Writable } from 'node:stream'
import type { Quarantined } from '../../model/Quarantined.ts'

/** Writes what is set aside to a Writable, no faster than it takes it; fails when it failed. */
export class Quarantine {
  readonly #target: Writable
  #failure: { error: unknown } | undefined

  constructor(target: Writable) {
    this.#target = target
    target.on('error', error => {
      this.#failure ??= { error }
    })
  }

  /** Resolves (or returns) when there is room for more. */
  write(record: Quarantined): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#target.write(record)) return
    return new Promise((resolve, reject) => {
      const settle = () => {
        for (const event of ['drain', 'error', 'close']) this.#target.off(event, settle)
        if (this.#failure === undefined) resolve()
        else reject(this.#failure.error)
      }
      for (const event of ['drain', 'error', 'close']) this.#target.on(event, settle)
    })
  }
}
