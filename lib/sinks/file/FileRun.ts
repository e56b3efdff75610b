import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { patience } from '../../async/promises.ts'
import { LeadpipeError } from '../../errors.ts'
import { type Block, EncodeBuffer, type EncodedCounts } from '../../formats/EncodeBuffer.ts'
import { formats } from '../../formats/formats.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { Ending, SinkOpening, SinkRun } from '../../stage/SinkStage.ts'
import { destination, fileError, nameAt } from './destination.ts'
import { FileOutput, moveIntoPlace } from './FileOutput.ts'
import { type FileState, fileState, findOutput, keepPrevious, startAgain } from './fileState.ts'
import { openAgain, openFile, temporaryOf } from './openFile.ts'
import type { FileSettings } from './options.ts'

/** Large enough that the fixed cost of a write does not matter, and small enough not to matter for memory. */
const blockLength = 262_144

/** What exists when a file is opened. */
interface Found {
  readonly state?: FileState
  /** Whether the complete file already has its final name. */
  readonly isInPlace?: boolean
}

/** Writes records to a file once. */
export class FileRun implements SinkRun {
  readonly #name: string
  readonly #settings: FileSettings
  readonly #opening: SinkOpening
  readonly #found: Found
  readonly #buffer: EncodeBuffer
  #acknowledged: number
  #output: FileOutput | undefined
  /** The block that is being written. */
  #sending: Promise<void> | undefined
  #isOver = false

  private constructor(name: string, settings: FileSettings, opening: SinkOpening, found: Found) {
    const { records, unchanged, encoder } = { records: 0, unchanged: 0, ...found.state }
    this.#name = name
    this.#settings = settings
    this.#opening = opening
    this.#found = found
    this.#buffer = new EncodeBuffer(formats[settings.format](encoder), blockLength, { records, unchanged })
    this.#acknowledged = records
  }

  /**
   * Checks the destination, and changes nothing.
   *
   * @param name the path as given, with its placeholders
   * @throws {LeadpipeError} CHECKPOINT when the destination does not match the state; OPTION for a device or a pipe
   * in a run with a checkpoint.
   */
  static async open(name: string, settings: FileSettings, opening: SinkOpening): Promise<FileRun> {
    const { resumable, state: savedState, previous } = opening
    const path = nameAt(name, new Date())
    const { path: target, how } = await destination(path)
    const received = JSON.stringify(path)
    if (how === 'descriptor') {
      const expected = 'the name of a file'
      throw optionError({ ...settings.given, expected, received: `${received}, which is ${target} here` })
    }
    if (resumable !== undefined && how !== 'replace') {
      const expected = "a regular file with a checkpoint, because a device or a pipe can't be resumed"
      throw optionError({ ...settings.given, expected, received })
    }
    if (savedState === undefined) {
      if (resumable !== undefined) await checkTemporary(temporaryOf(target, resumable))
      // The time for the placeholders is known only when the file is opened.
      if (path === name) await keepPrevious(path, previous)
      return new FileRun(name, settings, opening, {})
    }
    const state = fileState(savedState, path)
    if (path === name && target !== state.path) {
      const problem = `${path} is ${target} now, and the output of the checkpoint is ${state.path}`
      throw new LeadpipeError('CHECKPOINT', problem, {
        context: { path: target, saved: state.path, now: target, remedy: startAgain },
      })
    }
    try {
      return new FileRun(name, settings, opening, { state, isInPlace: await findOutput(state) })
    } catch (error) {
      throw fileError(state.path, error)
    }
  }

  get destination(): string | undefined {
    const path = this.#output?.target ?? this.#found.state?.path
    return path === undefined ? undefined : resolve(path)
  }

  counts(): { received: number; acknowledged: number; bytes: number; unchanged: number } {
    const bytes = this.#output?.bytes ?? this.#found.state?.bytes ?? 0
    const { records: received, unchanged } = this.#buffer.counts
    return { received, acknowledged: this.#acknowledged, bytes, unchanged }
  }

  write(record: unknown, line?: Uint8Array): void | Promise<void> {
    const block = this.#buffer.add(record, line)
    if (block === undefined) return
    // One block is written while another is filled. The first write waits, so that a file that can't be opened fails at
    // once.
    const isFirst = this.#output === undefined
    const before = this.#sending
    this.#send(block)
    return isFirst ? this.#sending : before
  }

  flush(): Promise<FileState> {
    this.#send(this.#buffer.cut())
    const { counts, state: encoder } = this.#buffer
    return this.#stateAfter({ ...counts }, encoder)
  }

  async prepare(): Promise<FileState | undefined> {
    if (this.#found.state?.complete) return this.#found.state
    this.#send(this.#buffer.end())
    const counts = { ...this.#buffer.counts }
    const position = await this.#opened().barrier(true)
    if (!this.#isOver) this.#acknowledged = counts.records
    return position && { ...position, ...counts, complete: true }
  }

  async commit(): Promise<void> {
    const { state, isInPlace } = this.#found
    try {
      if (isInPlace) return
      if (state?.complete) await moveIntoPlace(state.temporary, state.path)
      else await this.#output?.moveIntoPlace()
      this.#isOver = true
    } catch (error) {
      throw fileError(this.#name, error)
    }
  }

  async end(how: Ending): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    // From here on `fail` is not called any more.
    if (how === 'keep' && this.#buffer.counts.records > 0) await this.#complete()
    else if (how === 'leave') await this.#output?.close()
    else {
      this.#acknowledged = 0
      await this.#output?.remove()
    }
  }

  /** Ends the document early. If it can't be completed, removes what is there of it. */
  async #complete(): Promise<void> {
    // The reader of a pipe may never read the rest.
    const timer = setTimeout(() => this.#output?.abandonPipe(), patience)
    try {
      await this.prepare()
      await this.commit()
      this.#acknowledged = this.#buffer.counts.records
    } catch (error) {
      await this.#output?.remove()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #stateAfter(counts: EncodedCounts, encoder: unknown): Promise<FileState> {
    const position = await this.#opened().barrier()
    if (position === undefined) throw new Error(`${this.#name} is a device or a pipe`)
    if (!this.#isOver) this.#acknowledged = counts.records
    return { ...position, ...counts, ...(encoder === undefined ? {} : { encoder }) }
  }

  #send({ bytes }: Block): void {
    const sending = this.#opened().append(bytes)
    this.#sending = sending
    const done = () => {
      if (this.#sending === sending) this.#sending = undefined
    }
    sending.then(done, error => {
      done()
      if (!this.#isOver) this.#opening.fail(error)
    })
  }

  #opened(): FileOutput {
    if (this.#output !== undefined) return this.#output
    const { state } = this.#found
    const { at, resumable, previous } = this.#opening
    const path = state?.path ?? nameAt(this.#name, at() ?? new Date())
    this.#output = new FileOutput({
      path,
      compression: this.#settings.compression,
      bytes: state?.bytes ?? 0,
      open: async signal => {
        if (state !== undefined) return openAgain(state)
        await keepPrevious(path, previous)
        return openFile(path, resumable, signal)
      },
    })
    return this.#output
  }
}

/** A temporary file that an earlier process left, and that can't be resumed, is replaced; a directory is not. */
async function checkTemporary(temporary: string): Promise<void> {
  const found = await lstat(temporary).catch(() => undefined)
  if (found?.isDirectory()) throw fileError(temporary, Object.assign(new Error(), { code: 'EISDIR' }))
}
