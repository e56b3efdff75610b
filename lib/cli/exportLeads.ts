import { LeadpipeError, LeadsClient, type LeadsQuery, leads, type RateLimit } from '../index.ts'
import { offsetNote } from './offsetNote.ts'
import type { Invocation, StageFlags } from './stageOptions.ts'
import { tell } from './tell.ts'
import { transfer } from './transfer.ts'

/** What `leadpipe export` was given; the query's parameters carry the API's own names. */
export interface ExportFlags extends StageFlags, Omit<LeadsQuery, 'guids'> {
  guid?: string[]
  origin?: string
  accessToken?: string
  limit?: number
  paging?: 'seek' | 'offset'
  whenFinished?: 'stop' | 'restart' | 'next'
  reconcile?: true
  concurrency?: number
  rate?: RateLimit
}

/** Exports and tells how it went; resolves to the exit code. */
export function exportLeads(invocation: Invocation<ExportFlags>): Promise<number> {
  return tell(invocation, async (watch, note) => {
    const { origin, accessToken, concurrency, rate, limit, paging, guid, ...others } = invocation.flags
    const { checkpoint, whenFinished, reconcile, ...rest } = others
    const { onInvalid, quarantine, maxInvalid, explode, select, format, quiet, json, ...query } = rest
    if (accessToken === undefined) {
      throw new LeadpipeError(
        'OPTION',
        'expected an access token: give --access-token, or set LEADPIPE_ACCESS_TOKEN',
      )
    }
    if (whenFinished !== undefined && checkpoint === undefined) {
      throw new LeadpipeError('OPTION', '--when-finished: expected --checkpoint with it')
    }
    await using client = new LeadsClient({ accessToken, origin, concurrency, rateLimit: rate })
    const source = leads(client, { ...query, guids: guid }, { limit, paging })
    const byOffset = paging === undefined ? offsetNote(source, query) : undefined
    if (byOffset !== undefined) note(byOffset)
    const kept = checkpoint === undefined ? undefined : { path: checkpoint, whenFinished }
    return await transfer(source, invocation, { ...watch, checkpoint: kept, reconcile })
  })
}
