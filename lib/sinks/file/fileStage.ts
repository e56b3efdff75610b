import { resolve } from 'node:path'
import type { SinkStage } from '../../stage/SinkStage.ts'
import { destination } from './destination.ts'
import { FileRun } from './FileRun.ts'
import { fileState } from './fileState.ts'
import { findFinished } from './findOutput.ts'
import { nameAt } from './nameAt.ts'
import type { FileSettings } from './options.ts'

/**
 * A file as a stage.
 *
 * @param name the path as it was given, placeholders and all
 */
export function fileStage(name: string, settings: FileSettings): SinkStage {
  const { format, compression } = settings
  return {
    name: 'toFile',
    fingerprint: { sink: 'file', path: resolve(name), format, compression },
    async claims() {
      const path = nameAt(name, new Date())
      const { path: target, how } = await destination(path)
      return how === 'replace' ? [{ path: resolve(path), target }] : []
    },
    open: opening => FileRun.open(name, settings, opening),
    find: state => findFinished(fileState(state, name)),
  }
}
