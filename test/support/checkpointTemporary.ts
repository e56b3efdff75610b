import { fileStore } from '../../lib/checkpoint/CheckpointStore.ts'

/** The path at which a checkpoint is written before it replaces the last one. */
export async function checkpointTemporary(path: string): Promise<string> {
  const { files } = await fileStore(path)
  return files[1] as string
}
