import { lstat } from 'node:fs/promises'
import { LeadpipeError } from '../../errors.ts'
import { optionError } from '../../model/checkOptions.ts'
import type { Continuation } from '../Sink.ts'
import { destination } from './destination.ts'
import { fileError } from './fileError.ts'
import { type FileState, fileState, partialOf } from './fileState.ts'
import { findOutput, type Output } from './findOutput.ts'
import { keepLast } from './keepLast.ts'
import { moveIntoPlace } from './moveIntoPlace.ts'
import { nameAt } from './nameAt.ts'
import { openAgain, openKept } from './openKept.ts'
import type { FileSettings } from './options.ts'
import type { PartialFile, Place } from './PartialFile.ts'

/** How a file begins, goes on and ends that is continued when its process has ended early. */
export class ContinuedFile {
  readonly #settings: FileSettings
  readonly #given: Continuation
  /** What was there at the start. */
  readonly #state: FileState | undefined
  readonly #output: Output | undefined

  private constructor(settings: FileSettings, given: Continuation, state?: FileState, output?: Output) {
    this.#settings = settings
    this.#given = given
    this.#state = state
    this.#output = output
  }

  /**
   * Looks at what is there, without changing anything.
   *
   * @param name the path as it was given, placeholders and all
   * @throws {LeadpipeError} CHECKPOINT when it is not what the state says; OPTION for a device or a pipe.
   */
  static async look(name: string, settings: FileSettings, given: Continuation): Promise<ContinuedFile> {
    const path = nameAt(name, new Date())
    const { path: target, how } = await destination(path)
    if (how === 'direct') {
      const problem = `${path}: a device or a pipe can't be continued; with a checkpoint, write to a file`
      throw optionError('toFile() path', problem)
    }
    if (given.state === undefined) {
      await checkPartial(target)
      // What time a placeholder stands for is known when the file is opened.
      if (path === name) await keepLast(path, given.last, settings)
      return new ContinuedFile(settings, given)
    }
    const state = fileState(given.state, path)
    if (path === name && target !== state.path) {
      const message = `${path} leads to ${target} now, the output that the checkpoint is of is ${state.path}`
      throw new LeadpipeError('CHECKPOINT', message, { context: { path: target } })
    }
    try {
      return new ContinuedFile(settings, given, state, await findOutput(state, settings))
    } catch (error) {
      throw fileError(state.path, error)
    }
  }

  /** The file, where that was settled before. */
  get path(): string | undefined {
    return this.#state?.path
  }

  /** Records that are in it already. */
  get records(): number {
    return this.#state?.records ?? 0
  }

  /** Bytes that are in it already. */
  get bytes(): number {
    return this.#output?.where === 'place' ? this.#output.end.bytes : (this.#state?.bytes ?? 0)
  }

  /** The state of a file that was complete already; nothing is written to it any more. */
  get whole(): FileState | undefined {
    return this.#output?.where === 'place' ? this.#state : this.#state?.complete && this.#state
  }

  /**
   * Opens it; cuts off what came after the state.
   *
   * @throws {LeadpipeError} CHECKPOINT when it would replace what it must not.
   */
  async open(path: string): Promise<PartialFile> {
    if (this.#state !== undefined) return openAgain(this.#state)
    await keepLast(path, this.#given.last, this.#settings)
    return openKept(path)
  }

  /** Tells that every record is in it, and on the disk. */
  async complete(place: Place, records: number): Promise<void> {
    await this.#given.complete({ ...place, records, complete: true } satisfies FileState)
  }

  /** Does what was left to do for a file that was complete already. */
  async finish({ path, records, complete }: FileState): Promise<void> {
    if (this.#output?.where === 'place') {
      if (!complete) await this.complete(this.#output.end, records)
      return
    }
    try {
      await moveIntoPlace(partialOf(path), path)
    } catch (error) {
      throw fileError(path, error)
    }
  }
}

/** What a process has left there that can't be continued is replaced, but nothing else. */
async function checkPartial(target: string): Promise<void> {
  const partial = partialOf(target)
  const found = await lstat(partial).catch(() => undefined)
  if (found?.isDirectory()) throw fileError(partial, Object.assign(new Error(), { code: 'EISDIR' }))
}
