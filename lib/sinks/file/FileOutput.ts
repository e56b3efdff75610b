import { once } from 'node:events'
import { lstat, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createGzip, type Gzip } from 'node:zlib'
import { closedError } from '../../async/prematureClose.ts'
import { LeadpipeError } from '../../errors.ts'
import { syncDirectory } from '../../files/paths.ts'
import { fileError } from './destination.ts'
import { type FilePosition, tailOf } from './fileState.ts'
import type { OpenedFile, OpenedTemporary } from './openFile.ts'

/** How a {@link FileOutput} is set up. */
export interface FileOutputOptions {
  /** For error messages. */
  path: string
  compression: 'gzip' | 'none'
  /** The size of the file in bytes when it is opened. */
  bytes: number
  /** Called once, before the first byte. The signal ends every wait for the reader of a pipe. */
  open(signal: AbortSignal): Promise<OpenedFile>
}

/**
 * The only writer of a file. Everything that changes the file goes through one queue, in order; after a failure
 * nothing more is written. A compressed file has one gzip member for the data between two barriers: gunzip writes the
 * contents of all members.
 */
export class FileOutput {
  /** Bytes written to the file. */
  bytes: number
  readonly #options: FileOutputOptions
  #file: OpenedFile | undefined
  #member: Gzip | undefined
  /** Compressed bytes that are not written yet. */
  #compressed: Buffer[] = []
  #queue: Promise<unknown> = Promise.resolve()
  #syncing: Promise<unknown> = Promise.resolve()
  #isClosed = false
  readonly #abandoning = new AbortController()

  constructor(options: FileOutputOptions) {
    this.#options = options
    this.bytes = options.bytes
  }

  /** The path of the final file, with links followed; undefined before it is opened. */
  get target(): string | undefined {
    return this.#file?.path
  }

  /** Resolves when the bytes are written. */
  append(bytes: Uint8Array): Promise<void> {
    return this.#enqueue(async () => {
      await this.#opened()
      if (bytes.length > 0)
        await (this.#options.compression === 'gzip' ? this.#compress(bytes) : this.#write(bytes))
    })
  }

  /**
   * Resolves when everything appended before is on disk; more may be written meanwhile.
   *
   * @param isEnd whether nothing follows: an empty file then gets an empty gzip member, to be a valid gzip file
   * @returns undefined for a device or a pipe
   * @throws {LeadpipeError} SINK when the file is missing, or does not have as many bytes as were written.
   */
  async barrier(isEnd = false): Promise<FilePosition | undefined> {
    const ended = await this.#enqueue(async () => {
      const file = await this.#opened()
      if (isEnd && this.#options.compression === 'gzip' && this.bytes === 0) this.#openMember()
      await this.#endMember()
      if (file.temporary === undefined) return undefined
      await this.#check(file)
      return { file, bytes: this.bytes }
    })
    if (ended === undefined) return undefined
    const { handle, path, temporary } = ended.file
    const { bytes } = ended
    const syncing = handle.sync().then(() => tailOf(handle, bytes))
    this.#syncing = syncing.catch(() => {})
    return { path, temporary, bytes, tail: await syncing.catch(error => this.#fail(error)) }
  }

  /** Closes the file and renames it to its final name, durably; replaces an existing file of that name. */
  async moveIntoPlace(): Promise<void> {
    const { path, temporary } = this.#file as OpenedFile
    await this.close()
    if (temporary !== undefined) await moveIntoPlace(temporary, path)
  }

  /** Gives up waiting for the reader of a pipe, which may never read: what waits for it fails. */
  abandonPipe(): void {
    this.#abandoning.abort()
  }

  /** Resolves when pending writes are done, or given up if they are to a pipe, and the file is closed. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.abandonPipe()
    await this.#queue.catch(() => {})
    await this.#syncing
    this.#member?.destroy()
    await this.#file?.handle.close()
  }

  /** Closes and removes the file. */
  async remove(): Promise<void> {
    await this.close()
    if (this.#file?.temporary !== undefined) await rm(this.#file.temporary, { force: true })
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#isClosed) throw closedError()
      return work()
    })
    const reported = result.catch(error => this.#fail(error))
    this.#queue = reported
    reported.catch(() => {})
    return reported
  }

  #fail(error: unknown): never {
    throw fileError(this.#options.path, error)
  }

  async #opened(): Promise<OpenedFile> {
    this.#file ??= await this.#options.open(this.#abandoning.signal)
    return this.#file
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { handle } = this.#file as OpenedFile
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, from, bytes.length - from)
      from += bytesWritten
      this.bytes += bytesWritten
    }
  }

  #openMember(): Gzip {
    if (this.#member === undefined) {
      this.#member = createGzip({ chunkSize: 65_536 })
      this.#member.on('data', (chunk: Buffer) => this.#compressed.push(chunk))
    }
    return this.#member
  }

  async #compress(bytes: Uint8Array): Promise<void> {
    const member = this.#openMember()
    await new Promise<void>((resolve, reject) => {
      member.write(bytes, error => (error ? reject(error) : resolve()))
    })
    await this.#writeCompressed()
  }

  /** Ends the open gzip member, if there is one. */
  async #endMember(): Promise<void> {
    const member = this.#member
    if (member === undefined) return
    const ended = once(member, 'end')
    member.end()
    await ended
    this.#member = undefined
    await this.#writeCompressed()
  }

  async #writeCompressed(): Promise<void> {
    const chunks = this.#compressed
    this.#compressed = []
    for (const chunk of chunks) await this.#write(chunk)
  }

  async #check({ handle, path, temporary }: OpenedTemporary): Promise<void> {
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
}

/** Renames a complete file to its final name, durably. */
export async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}
