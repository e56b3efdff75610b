import { checkpointError } from '../checkpoint/checkpointError.ts'
import { holdFile } from '../checkpoint/holdFile.ts'
import { LeadpipeError } from '../errors.ts'

/**
 * Holds the checkpoint and the outputs of a run for this process. Returns what lets go of them.
 *
 * @throws {LeadpipeError} CHECKPOINT when another run on this machine holds one of them.
 */
export async function holdFiles(
  checkpoint: string,
  outputs: readonly string[],
): Promise<() => Promise<void>> {
  const held: (() => Promise<void>)[] = []
  const letGo = async () => {
    for (const release of held) await release()
  }
  const wait = 'wait for its end, or give another path'
  try {
    held.push(
      await holdFile(checkpoint, cause =>
        checkpointError(checkpoint, `another run is going on with it; ${wait}`, cause),
      ),
    )
    for (const path of outputs) {
      const message = `${path}: another run with a checkpoint writes to it; ${wait}`
      held.push(
        await holdFile(path, cause => new LeadpipeError('CHECKPOINT', message, { cause, context: { path } })),
      )
    }
    return letGo
  } catch (error) {
    await letGo()
    throw error
  }
}
