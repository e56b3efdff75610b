import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Mark } from '../../model/Mark.ts'
import { type Block, EncodeBuffer } from '../encode/EncodeBuffer.ts'
import { formats } from '../encode/formats.ts'
import { type Continuation, Sink } from '../Sink.ts'
import { ContinuedFile } from './ContinuedFile.ts'
import { destination } from './destination.ts'
import { FileWriter } from './FileWriter.ts'
import { fileError } from './fileError.ts'
import { type FileState, fileState } from './fileState.ts'
import { GzipMembers } from './GzipMembers.ts'
import { nameAt } from './nameAt.ts'
import { openFile } from './openFile.ts'
import type { FileSettings } from './options.ts'

type Callback = (error?: Error | null) => void

/** Large enough that a write costs little beside its bytes, small enough not to matter for memory. */
const blockLength = 262_144

/** Records to a file. Made by `toFile()`. */
export class FileSink extends Sink<unknown> {
  override readonly identity: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #settings: FileSettings
  #buffer: EncodeBuffer
  #time: () => Date | undefined = () => undefined
  #received = 0
  /** Records in blocks that were taken; they are acknowledged at a mark, or when the file is complete. */
  #written = 0
  #acknowledged = 0
  #continued: ContinuedFile | undefined
  #file: FileWriter | undefined
  /** In front of the file where it is compressed. */
  #gzip: GzipMembers | undefined
  #failure: Error | undefined

  constructor(path: string, settings: FileSettings) {
    super({ highWaterMark: settings.highWaterMark })
    const { format, compression } = settings
    this.identity = { sink: 'file', path: resolve(path), format, compression }
    this.#path = path
    this.#settings = settings
    this.#buffer = new EncodeBuffer(formats[format](), blockLength)
  }

  /** The path that was given. */
  get path(): string {
    return this.#path
  }

  override get destination(): string | undefined {
    const path = this.#file?.target ?? this.#continued?.path
    return path === undefined ? undefined : resolve(path)
  }

  override get counts() {
    const bytes = this.#file?.bytes ?? this.#continued?.bytes ?? 0
    return { received: this.#received, acknowledged: this.#acknowledged, bytes }
  }

  /**
   * Says which time `{date}` and `{time}` in the path stand for: it is asked for once, when the file is opened,
   * that is at the first write to it. Default, and where it gives undefined: the present.
   */
  nameBy(time: () => Date | undefined): void {
    this.#time = time
  }

  override async check(): Promise<void> {
    await destination(nameAt(this.#path, new Date()))
  }

  /**
   * From here on the temporary file is named after the file, `.partial` added, and is never removed: the next
   * process goes on with it.
   *
   * @throws {LeadpipeError} CHECKPOINT when the file is not what the state says; OPTION for a device or a pipe.
   */
  override async continueFrom(continuation: Continuation): Promise<void> {
    const continued = await ContinuedFile.look(this.#path, this.#settings, continuation)
    const { records } = continued
    this.#continued = continued
    this.#buffer = new EncodeBuffer(formats[this.#settings.format](records), blockLength, records)
    this.#received = records
    this.#written = records
    this.#acknowledged = records
  }

  override async lostOutput(state: unknown): Promise<string | undefined> {
    const { path } = fileState(state, this.#path)
    const isGone = await access(path).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) => code === 'ENOENT' || code === 'ENOTDIR',
    )
    return isGone ? path : undefined
  }

  override _write(record: unknown, _encoding: BufferEncoding, callback: Callback): void {
    if (record instanceof Mark) {
      this.#settle(this.#mark(record), callback)
      return
    }
    this.#received += 1
    let block: Block | undefined
    try {
      this.#refuseLate()
      block = this.#buffer.add(record)
    } catch (error) {
      callback(error as Error)
      return
    }
    if (block === undefined) callback()
    else this.#settle(this.#send(block), callback)
  }

  override _final(callback: Callback): void {
    this.#settle(this.#finish(), callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const file = this.#file
    const end = () => {
      const early = this.closedEarly()
      callback(error ?? (early ? fileError(this.#path, early) : null))
    }
    if (file === undefined || file.closed) {
      end()
      return
    }
    file.once('close', end)
    this.#gzip?.destroy()
    file.destroy()
  }

  #refuseLate(): void {
    const whole = this.#continued?.whole
    if (!whole) return
    const { path, bytes } = whole
    throw this.lateRecord(`${path} is complete already`, { path, bytes })
  }

  #settle(work: Promise<void>, callback: Callback): void {
    work.then(
      () => callback(),
      error => callback(this.#failure ?? error),
    )
  }

  async #send(block: Block): Promise<void> {
    const file = this.#opened()
    await new Promise<void>((resolve, reject) => {
      const target = this.#gzip ?? file
      target.write(block.bytes, error => (error ? reject(error) : resolve()))
    })
    this.#written += block.records
  }

  async #mark(mark: Mark): Promise<void> {
    const continued = this.#continued
    if (continued === undefined) throw this.strayMark(this.#path)
    if (continued.whole) {
      await mark.durable(continued.whole)
      return
    }
    await this.#send(this.#buffer.cut())
    await this.#gzip?.cut()
    const place = await this.#opened().sync()
    this.#acknowledged = this.#written
    await mark.durable({ ...place, records: this.#written } satisfies FileState)
  }

  async #finish(): Promise<void> {
    const continued = this.#continued
    if (continued?.whole) {
      await continued.finish(continued.whole)
      return
    }
    await this.#send(this.#buffer.end())
    await this.#gzip?.end()
    const file = this.#opened()
    if (continued !== undefined) {
      const place = await file.sync()
      this.#acknowledged = this.#written
      await continued.complete(place, this.#written)
    }
    await this.#close(file)
  }

  async #close(file: FileWriter): Promise<void> {
    if (!file.closed) {
      await new Promise<void>(resolve => {
        file.once('close', resolve)
        file.end()
      })
    }
    if (this.#failure !== undefined) throw this.#failure
    if (file.complete) this.#acknowledged = this.#written
  }

  #opened(): FileWriter {
    if (this.#file !== undefined) return this.#file
    const continued = this.#continued
    const path = continued?.path ?? nameAt(this.#path, this.#time() ?? new Date())
    const open = () => continued?.open(path) ?? openFile(path)
    const fail = (error: Error) => this.#fail(error)
    this.#file = new FileWriter(path, open, continued?.bytes ?? 0).on('error', fail)
    if (this.#settings.compression === 'gzip') this.#gzip = new GzipMembers(this.#file, fail)
    return this.#file
  }

  /** A destroyed gzip never calls back for the write that it was at: nothing may wait for that. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.destroy(this.#failure)
  }
}
