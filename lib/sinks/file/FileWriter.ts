import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { LeadpipeError } from '../../errors.ts'
import { type Destination, destination } from './destination.ts'
import { fileError } from './fileError.ts'

/**
 * Bytes to a file that is either complete or not there: they go to a temporary file beside it, which is
 * flushed to the disk and renamed when the last byte is in. Destroyed before that, it removes the temporary
 * file and leaves an older file of that name as it was.
 */
export class FileWriter extends Writable {
  /** Bytes written so far. */
  bytes = 0
  /** Whether what was written is gone, because it was destroyed before the file was complete. */
  discarded = false
  readonly #path: string
  #destination: Destination | undefined
  #temporary: string | undefined
  #handle: FileHandle | undefined
  #work = Promise.resolve()

  constructor(path: string) {
    super()
    this.#path = path
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#settle(this.#open(), callback)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#settle(this.#append(chunk), callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#settle(this.#complete(), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // What is under way comes to its end first: a rename must not overtake the removal.
    const discarded = this.#work.then(() => this.#discard())
    discarded.then(
      () => callback(error),
      problem => callback(error ?? fileError(this.#path, problem)),
    )
  }

  async #open(): Promise<void> {
    const target = await destination(this.#path)
    this.#destination = target
    if (target.how === 'direct') {
      this.#handle = await open(target.path, 'w')
      return
    }
    // A name of its own for each writer: two runs to the same path do not mix their bytes.
    const temporary = `${target.path}.${randomBytes(4).toString('hex')}.partial`
    this.#handle = await open(temporary, 'wx', target.mode)
    this.#temporary = temporary
    // Not every file system knows modes; without one, the new file is less open, never more.
    if (target.mode !== undefined) await this.#handle.chmod(target.mode).catch(() => {})
  }

  async #append(chunk: Buffer): Promise<void> {
    const handle = this.#handle as FileHandle
    for (let from = 0; from < chunk.length; ) {
      const { bytesWritten } = await handle.write(chunk, from, chunk.length - from)
      from += bytesWritten
      this.bytes += bytesWritten
    }
  }

  async #complete(): Promise<void> {
    const handle = this.#handle as FileHandle
    if (this.#temporary === undefined) {
      await this.#close()
      return
    }
    await handle.sync()
    const { size } = await handle.stat()
    if (size !== this.bytes) {
      throw new LeadpipeError(
        'SINK',
        `${this.#temporary} has ${size} bytes, ${this.bytes} were written: did another process change it?`,
        { context: { path: this.#path, size, bytes: this.bytes } },
      )
    }
    await this.#close()
    if (this.destroyed) return
    const { path } = this.#destination as Destination
    await rename(this.#temporary, path)
    this.#temporary = undefined
    await syncDirectory(dirname(path))
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  async #discard(): Promise<void> {
    await this.#close()
    if (this.#temporary === undefined) return
    this.discarded = true
    await rm(this.#temporary, { force: true })
    this.#temporary = undefined
  }

  #settle(work: Promise<void>, callback: (error?: Error | null) => void): void {
    this.#work = work.then(
      () => callback(),
      error => callback(fileError(this.#path, error)),
    )
  }
}

/** A rename is only durable when the directory is; some systems can't open one, and need not. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  try {
    await directory?.sync()
  } catch {
    // Not supported here: the rename stands all the same.
  } finally {
    await directory?.close()
  }
}
