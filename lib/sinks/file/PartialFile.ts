import { type FileHandle, lstat, rm } from 'node:fs/promises'
import { LeadpipeError } from '../../errors.ts'
import { moveIntoPlace } from './moveIntoPlace.ts'
import { tailOf } from './tailOf.ts'

/** What a {@link PartialFile} is made of. */
export interface OpenedFile {
  handle: FileHandle
  /** Where the file belongs. */
  path: string
  /** Where its bytes are until it is complete; undefined for a device or a pipe, which is written to directly. */
  temporary: string | undefined
  /** Bytes that are in it already. */
  bytes: number
  /** Whether it stays when it does not become complete, for another process to go on with. */
  kept: boolean
}

/** A place in a file up to which everything is on the disk. */
export interface Place {
  path: string
  bytes: number
  tail: string
}

/** A file that is being written. */
export class PartialFile {
  readonly #opened: OpenedFile
  /** Bytes that it holds. */
  bytes: number

  constructor(opened: OpenedFile) {
    this.#opened = opened
    this.bytes = opened.bytes
  }

  /** Where it belongs. */
  get path(): string {
    return this.#opened.path
  }

  async append(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      const { bytesWritten } = await this.#opened.handle.write(chunk, from, chunk.length - from)
      from += bytesWritten
      this.bytes += bytesWritten
    }
  }

  /**
   * Resolves when what was written is on the disk, under the temporary name.
   *
   * @throws {LeadpipeError} SINK when the file does not have the bytes that were written, or is not there.
   */
  async sync(): Promise<void> {
    const { handle, path, temporary } = this.#opened
    if (temporary === undefined) return
    await handle.sync()
    const { size, ino, dev } = await handle.stat()
    const context = { path, size, bytes: this.bytes }
    if (size !== this.bytes) {
      const message = `${temporary} has ${size} bytes, ${this.bytes} were written: did another process change it?`
      throw new LeadpipeError('SINK', message, { context })
    }
    const named = await lstat(temporary).catch(() => undefined)
    if (named?.ino === ino && named.dev === dev) return
    const what = named === undefined ? 'is gone' : 'is another file now'
    throw new LeadpipeError('SINK', `${temporary} ${what}: did another process change it?`, { context })
  }

  /** Where it ends now. */
  async place(): Promise<Place> {
    const { handle, path } = this.#opened
    return { path, bytes: this.bytes, tail: await tailOf(handle, this.bytes) }
  }

  async close(): Promise<void> {
    await this.#opened.handle.close()
  }

  /** Gives the closed file its name. */
  async moveIntoPlace(): Promise<void> {
    const { path, temporary } = this.#opened
    if (temporary !== undefined) await moveIntoPlace(temporary, path)
  }

  /** Removes what was closed before it was complete, unless it is kept. */
  async discard(): Promise<void> {
    const { temporary, kept } = this.#opened
    if (temporary !== undefined && !kept) await rm(temporary, { force: true })
  }
}
