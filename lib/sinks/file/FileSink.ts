import { SinkWritable } from '../../streams/SinkWritable.ts'
import { fileError } from './fileError.ts'
import { fileStage } from './fileStage.ts'
import type { FileSettings } from './options.ts'

/** Records to a file. Made by `toFile()`. */
export class FileSink extends SinkWritable<unknown> {
  /** The path that was given. */
  readonly path: string

  constructor(path: string, settings: FileSettings) {
    super(fileStage(path, settings), { highWaterMark: settings.highWaterMark })
    this.path = path
  }

  protected override closedEarly(): Error {
    return fileError(this.path, super.closedEarly())
  }
}
