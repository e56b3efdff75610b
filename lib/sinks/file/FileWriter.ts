import { Writable } from 'node:stream'
import { fileError } from './fileError.ts'
import type { PartialFile, Place } from './PartialFile.ts'

/**
 * Bytes to a file that is either complete or not there: they go to a temporary file beside it, which is
 * flushed to the disk and renamed when the last byte is in. Destroyed before that, it leaves an older file of
 * that name as it was.
 */
export class FileWriter extends Writable {
  /** Whether the file is where it belongs. */
  complete = false
  readonly #path: string
  readonly #open: () => Promise<PartialFile>
  readonly #before: number
  #file: PartialFile | undefined
  #work = Promise.resolve()

  /**
   * @param path for error messages
   * @param open called once, before the first byte
   * @param before bytes that the file has when it is opened
   */
  constructor(path: string, open: () => Promise<PartialFile>, before: number) {
    super()
    this.#path = path
    this.#open = open
    this.#before = before
  }

  /** The file that it is to be, where links lead; undefined before it is opened. */
  get target(): string | undefined {
    return this.#file?.path
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#file?.bytes ?? this.#before
  }

  /**
   * Resolves when everything that was written before is on the disk.
   *
   * @throws {LeadpipeError} SINK
   */
  async sync(): Promise<Place> {
    await new Promise<void>((resolve, reject) => {
      this.write(Buffer.alloc(0), error => (error ? reject(error) : resolve()))
    })
    const file = this.#file as PartialFile
    const syncing = file.sync().then(() => file.place())
    this.#work = syncing.then(
      () => {},
      () => {},
    )
    return syncing.catch(error => {
      throw fileError(this.#path, error)
    })
  }

  override _construct(callback: (error?: Error | null) => void): void {
    const opening = this.#open().then(file => {
      this.#file = file
    })
    this.#settle(opening, callback)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#settle((this.#file as PartialFile).append(chunk), callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#settle(this.#finish(this.#file as PartialFile), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // What is under way comes to its end first: a rename must not overtake the removal.
    const discarded = this.#work.then(() => this.#discard())
    discarded.then(
      () => callback(error),
      problem => callback(error ?? fileError(this.#path, problem)),
    )
  }

  async #finish(file: PartialFile): Promise<void> {
    await file.sync()
    await file.close()
    if (this.destroyed) return
    await file.moveIntoPlace()
    this.complete = true
  }

  async #discard(): Promise<void> {
    if (this.complete) return
    await this.#file?.close()
    await this.#file?.discard()
  }

  #settle(work: Promise<void>, callback: (error?: Error | null) => void): void {
    this.#work = work.then(
      () => callback(),
      error => callback(fileError(this.#path, error)),
    )
  }
}
