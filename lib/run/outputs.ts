import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import { LeadpipeError } from '../errors.ts'
import { lockFile } from '../files/lockFile.ts'
import { targetOf } from '../files/paths.ts'
import { optionError } from '../options/checkOptions.ts'
import type { Claim } from '../stage/SinkStage.ts'
import type { RunStages } from './RunStages.ts'

/**
 * The files that the sinks of a run replace. Checks that they can be written, and changes nothing.
 *
 * @throws {LeadpipeError} SINK when one can't be written; OPTION when one file would be two outputs of the run, an
 * output and the checkpoint, or an output and the input of the source: each output is replaced as a whole.
 */
export async function claimOutputs(
  { source, sinks }: RunStages,
  store: CheckpointStore | undefined,
): Promise<readonly Claim[]> {
  const claims: Claim[] = []
  for (const { attachment } of sinks) claims.push(...((await attachment.stage.claims?.()) ?? []))
  const owners = new Map<string, string>()
  const { reads } = source.stage
  // A file that can't be read is reported when the source reads it.
  const read = reads === undefined ? undefined : await targetOf(reads).catch(() => undefined)
  if (read !== undefined) owners.set(read, 'the quarantine that is read')
  const kept = source.stage.kept?.pathOf(store?.files[0])
  // A path that can't be used is reported when the source opens it.
  const keptTarget = kept === undefined ? undefined : await targetOf(kept).catch(() => undefined)
  if (keptTarget !== undefined) owners.set(keptTarget, 'the submissions that the source keeps')
  for (const file of store?.files ?? []) owners.set(file, 'the checkpoint')
  for (const { path, target } of claims) {
    const owner = owners.get(target)
    if (owner !== undefined) {
      const expected = 'a different file for each output'
      const received = `${JSON.stringify(path)} for an output and for ${owner}`
      throw optionError({ owner: 'run()', option: 'sink', expected, received })
    }
    owners.set(target, 'another output')
  }
  return claims
}

/**
 * Locks the checkpoint, if there is one, and the outputs of a run for this process. Returns a function that releases
 * them.
 *
 * @throws {LeadpipeError} CHECKPOINT when another run on this machine holds the checkpoint; SINK when it writes to one
 * of the outputs.
 */
export async function lockRun(
  store: CheckpointStore | undefined,
  claims: readonly Claim[],
): Promise<() => Promise<void>> {
  const held: (() => Promise<void>)[] = []
  const releaseAll = async () => {
    for (const release of held) await release()
  }
  try {
    if (store !== undefined) held.push(await store.lock())
    for (const { path, target } of claims) {
      const problem = `${path}: another run writes to it`
      const remedy = 'wait until that run ends, or give another path'
      const refusal = (cause: unknown) =>
        new LeadpipeError('SINK', problem, { cause, context: { path, remedy } })
      held.push(await lockFile(target, refusal))
    }
    return releaseAll
  } catch (error) {
    await releaseAll()
    throw error
  }
}
