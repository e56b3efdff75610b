import { once } from 'node:events'
import { createGzip, type Gzip } from 'node:zlib'
import type { FileWriter } from './FileWriter.ts'

/**
 * Bytes to a file of gzip members, one behind the other: gunzip gives what is in all of them. A member begins
 * with its first byte, so that none is empty.
 */
export class GzipMembers {
  readonly #file: FileWriter
  readonly #onError: (error: Error) => void
  #member: Gzip | undefined

  constructor(file: FileWriter, onError: (error: Error) => void) {
    this.#file = file
    this.#onError = onError
  }

  write(bytes: Buffer, callback: (error?: Error | null) => void): void {
    if (bytes.length === 0) callback()
    else this.#open().write(bytes, callback)
  }

  /** Ends the member that is open, if one is; resolves when the file has got its last byte. */
  async cut(): Promise<void> {
    const member = this.#member
    if (member === undefined) return
    const ended = once(member, 'end')
    member.end()
    await ended
    this.#member = undefined
  }

  /** The same; but without a byte, a file is no gzip file. */
  async end(): Promise<void> {
    if (this.#file.bytes === 0) this.#open()
    await this.cut()
  }

  destroy(): void {
    this.#member?.destroy()
  }

  #open(): Gzip {
    if (this.#member === undefined) {
      this.#member = createGzip({ chunkSize: 65_536 }).on('error', this.#onError)
      this.#member.pipe(this.#file, { end: false })
    }
    return this.#member
  }
}
