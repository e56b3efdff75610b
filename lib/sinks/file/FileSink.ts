import { resolve } from 'node:path'
import type { SinkStage } from '../../stage/SinkStage.ts'
import { SinkWritable } from '../../streams/SinkWritable.ts'
import { destination, fileError, nameAt } from './destination.ts'
import { FileRun } from './FileRun.ts'
import { fileState, findFinished } from './fileState.ts'
import type { FileSettings } from './options.ts'

/** Writes records to a file. Made by `toFile()`. */
export class FileSink extends SinkWritable<unknown> {
  /** The path as given. */
  readonly path: string

  constructor(path: string, settings: FileSettings) {
    const { highWaterMark } = settings
    super(fileStage(path, settings), { highWaterMark, explain: error => fileError(path, error) })
    this.path = path
  }
}

/**
 * A file as a stage.
 *
 * @param name the path as given, with its placeholders
 */
export function fileStage(name: string, settings: FileSettings): SinkStage {
  const { format, compression } = settings
  // The process may change its directory before or during the run.
  const absolute = resolve(name)
  return {
    name: 'toFile',
    usesLines: true,
    fingerprint: { sink: 'file', path: absolute, format, compression },
    async claims() {
      const path = nameAt(absolute, new Date())
      const { path: target, how } = await destination(path)
      return how === 'replace' ? [{ path, target }] : []
    },
    open: opening => FileRun.open(absolute, settings, opening),
    find: state => findFinished(fileState(state, absolute)),
  }
}
