import { targetOf } from '../checkpoint/targetOf.ts'
import { LeadpipeError } from '../errors.ts'
import { partialOf } from '../sinks/file/fileState.ts'
import { QuarantineSource } from '../source/QuarantineSource.ts'
import type { OutputFile } from './outputsOf.ts'

/**
 * One file can't be two outputs of a run, or one and the checkpoint, or one and the quarantine that the source reads:
 * each output is replaced as a whole.
 *
 * @throws {LeadpipeError} OPTION
 */
export async function refuseSharedPaths(
  outputs: readonly OutputFile[],
  source: unknown,
  checkpoint?: string,
): Promise<void> {
  const owners = new Map<string, string>()
  if (source instanceof QuarantineSource) {
    // That it can't be read is told when it is.
    const target = await targetOf(source.path).catch(() => undefined)
    if (target !== undefined) owners.set(target, 'what quarantined() reads')
  }
  if (checkpoint !== undefined) {
    const target = await targetOf(checkpoint)
    for (const name of [target, `${target}.tmp`]) owners.set(name, 'the checkpoint')
  }
  for (const { path, target } of outputs) {
    for (const name of checkpoint === undefined ? [target] : [target, partialOf(target)]) {
      const owner = owners.get(name)
      if (owner !== undefined) throw shared(path, owner)
      owners.set(name, 'another output')
    }
  }
}

function shared(path: string, owner: string): LeadpipeError {
  const message = `run(): expected a file of its own for each output, received ${path} for one and for ${owner}`
  return new LeadpipeError('OPTION', message, { context: { path } })
}
