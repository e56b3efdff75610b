import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { LeadpipeError } from '../errors.ts'
import { partialOf } from '../sinks/file/fileState.ts'
import type { Resumable } from './resumable.ts'

/**
 * One file can't be the checkpoint, the output and a quarantine: each is replaced as a whole.
 *
 * @throws {LeadpipeError} OPTION
 */
export async function refuseSharedPaths(checkpoint: string, { sinks }: Resumable): Promise<void> {
  const outputs = sinks.flatMap(({ identity }) => [identity, identity?.deadLetter]).map(pathOf)
  const owners = new Map<string, string>()
  for (const name of [checkpoint, `${checkpoint}.tmp`]) owners.set(await realName(name), 'the checkpoint')
  for (const path of outputs) {
    if (path === undefined) continue
    for (const name of [path, partialOf(path)]) {
      const real = await realName(name)
      const owner = owners.get(real)
      if (owner !== undefined) throw shared(path, owner)
      owners.set(real, 'another output')
    }
  }
}

function pathOf(identity: unknown): string | undefined {
  const path = (identity as { path?: unknown } | undefined)?.path
  return typeof path === 'string' ? path : undefined
}

/** The same for every name of a file in a directory that links lead to. */
async function realName(path: string): Promise<string> {
  const folder = dirname(resolve(path))
  return join(await realpath(folder).catch(() => folder), basename(path))
}

function shared(path: string, owner: string): LeadpipeError {
  const message = `run() options: checkpoint: expected a file of its own for each output, received ${path} for one and for ${owner}`
  return new LeadpipeError('OPTION', message, { context: { option: 'checkpoint', path } })
}
