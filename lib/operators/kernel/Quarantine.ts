import { finished, type Writable } from 'node:stream'
import type { Quarantined } from '../../model/Quarantined.ts'
import { isPrematureClose, prematureClose } from '../../streams/prematureClose.ts'

/**
 * Writes what is set aside to a Writable, no faster than it takes it. Fails with what the Writable failed with, and
 * with ERR_STREAM_PREMATURE_CLOSE when it was closed or ended although there is more to set aside.
 */
export class Quarantine {
  readonly #target: Writable
  /** Why it takes no more; to be told when there is more. */
  #over: { error: unknown } | undefined
  /** Goes on with the writer that waits for room. */
  #goOn: (() => void) | undefined

  constructor(target: Writable) {
    this.#target = target
    // finished() takes its listeners away when it is done; a late error must not crash the process.
    target.on('error', () => {})
    finished(target, { readable: false }, error => this.#end(error))
  }

  /** Resolves (or returns) when there is room for more. */
  write(record: Quarantined): void | Promise<void> {
    // A write to a stream that is closed is answered by no event.
    if (this.#over === undefined && (this.#target.destroyed || this.#target.writableEnded)) {
      this.#end(this.#target.errored)
    }
    if (this.#over !== undefined) throw this.#over.error
    if (this.#target.write(record)) return
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#target.off('drain', settle)
        this.#goOn = undefined
        if (this.#over === undefined) resolve()
        else reject(this.#over.error)
      }
      this.#target.on('drain', settle)
      this.#goOn = settle
    })
  }

  #end(error: Error | null | undefined): void {
    const closed = !error || isPrematureClose(error)
    this.#over ??= { error: closed ? prematureClose('the quarantine was closed before its end') : error }
    this.#goOn?.()
  }
}
