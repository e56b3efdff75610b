import { pipeline, type Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Block, EncodeBuffer } from '../encode/EncodeBuffer.ts'
import { formats } from '../encode/formats.ts'
import { Sink } from '../Sink.ts'
import { destination } from './destination.ts'
import { FileWriter } from './FileWriter.ts'
import { fileError } from './fileError.ts'
import type { FileSettings } from './options.ts'

/** Large enough that a write costs little beside its bytes, small enough not to matter for memory. */
const blockLength = 262_144

/** Records to a file. Made by `toFile()`. */
export class FileSink extends Sink<unknown> {
  readonly #path: string
  readonly #settings: FileSettings
  readonly #buffer: EncodeBuffer
  #received = 0
  /** Records in blocks that were taken; they are acknowledged when the file is complete. */
  #written = 0
  #acknowledged = 0
  #file: FileWriter | undefined
  /** Where blocks go: the file, or gzip in front of it. */
  #head: Writable | undefined
  #failure: Error | undefined

  constructor(path: string, settings: FileSettings) {
    super({ highWaterMark: settings.highWaterMark })
    this.#path = path
    this.#settings = settings
    this.#buffer = new EncodeBuffer(formats[settings.format](), blockLength)
  }

  /** The path that was given. */
  get path(): string {
    return this.#path
  }

  override get counts() {
    return { received: this.#received, acknowledged: this.#acknowledged, bytes: this.#file?.bytes ?? 0 }
  }

  override async check(): Promise<void> {
    await destination(this.#path)
  }

  override _write(
    record: unknown,
    _encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#received += 1
    let block: Block | undefined
    try {
      block = this.#buffer.add(record)
    } catch (error) {
      callback(error as Error)
      return
    }
    if (block === undefined) callback()
    else this.#send(block, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#send(this.#buffer.end(), error => {
      if (error) callback(error)
      else this.#close(callback)
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const file = this.#file
    const end = () => callback(error ?? this.#closedEarly())
    if (file === undefined || file.closed) {
      end()
      return
    }
    file.once('close', end)
    this.#head?.destroy()
    file.destroy()
  }

  /**
   * Who waits for a stream that was destroyed after its last record takes it for finished, although the file
   * was never completed: they are told.
   */
  #closedEarly(): Error | null {
    if (!this.writableEnded || this.writableFinished || this.listenerCount('error') === 0) return null
    return fileError(this.#path, new Error('it was closed before its end'))
  }

  #send(block: Block, callback: (error?: Error | null) => void): void {
    this.#opened().write(block.bytes, error => {
      if (error) {
        callback(this.#failure ?? error)
        return
      }
      this.#written += block.records
      callback()
    })
  }

  #close(callback: (error?: Error | null) => void): void {
    const file = this.#file as FileWriter
    file.once('close', () => {
      if (this.#failure === undefined && !file.discarded) this.#acknowledged = this.#written
      callback(this.#failure)
    })
    this.#head?.end()
  }

  #opened(): Writable {
    if (this.#head !== undefined) return this.#head
    const file = new FileWriter(this.#path)
    file.on('error', error => this.#fail(error))
    this.#file = file
    this.#head = this.#settings.compression === 'gzip' ? this.#zipped(file) : file
    return this.#head
  }

  #zipped(file: FileWriter): Writable {
    const gzip = createGzip({ chunkSize: 65_536 })
    pipeline(gzip, file, error => {
      if (error) this.#fail(error)
    })
    return gzip
  }

  /** A destroyed gzip never calls back for the write that it was at: nothing may wait for that. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.destroy(this.#failure)
  }
}
