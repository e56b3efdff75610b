import { quarantined } from '../index.ts'
import type { Invocation } from './stageOptions.ts'
import { tell } from './tell.ts'
import { transfer } from './transfer.ts'

/** Replays a quarantine and tells how it went; resolves to the exit code. */
export function replayLeads(quarantine: string, invocation: Invocation): Promise<number> {
  return tell(invocation, async watch => transfer(quarantined(quarantine), invocation, watch))
}
