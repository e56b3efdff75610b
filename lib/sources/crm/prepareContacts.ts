import { leadProperties } from '../../crm/contactAsLead.ts'
import { describe, type LeadpipeError } from '../../errors.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import { optionError } from '../../options/checkOptions.ts'
import type { SourceOpening } from '../../stage/SourceStage.ts'
import type { Json } from '../../stage/Stage.ts'
import type { AccountGuard } from '../AccountGuard.ts'
import { loadLibsql } from '../spool/openDatabase.ts'
import { openSpool } from '../spool/openSpool.ts'
import type { Spool } from '../spool/Spool.ts'
import { CrmRun, type CrmState } from './CrmRun.ts'
import type { Progress } from './leadBatches.ts'
import { type ContactsAsLeadsSettings, owner } from './leadOptions.ts'
import { crmSettings } from './options.ts'
import { readDefinitions } from './readDefinitions.ts'
import { readPortalId } from './readPortalId.ts'
import { SpoolReader } from './SpoolReader.ts'

/** The state that a restart needs: plain JSON. */
export interface ContactsAsLeadsState extends Progress {
  readonly contacts: CrmState
  /** The id of the spool. */
  readonly spool: string
  readonly properties: readonly string[]
  readonly portalId?: number
}

/** Where the spool is. */
export interface SpoolPlace {
  /** Undefined for a temporary file. */
  readonly path: string | undefined
  /** What must be equal for a spool to belong to the same export. */
  readonly identity: Json
}

/** What contacts are read from. */
export interface ContactsOptions {
  readonly client: HubSpotClient
  readonly settings: ContactsAsLeadsSettings
  readonly opening: SourceOpening
  readonly place: SpoolPlace
  readonly account: AccountGuard
  /** Aborts the requests. */
  readonly closing: AbortSignal
}

/** What there is before the first submission is read. */
export interface Prepared {
  readonly spool: Spool
  /** Fills the spool. */
  readonly reader: SpoolReader
  readonly contacts: CrmRun
  /** The properties that are requested. */
  readonly properties: readonly string[]
  /** Undefined if the portal does not say it. */
  readonly portalId: number | undefined
}

/** Checks what can be checked before anything is written, requests the account and the properties, and opens the spool. */
export async function prepareContacts({
  client,
  settings,
  opening,
  place,
  account,
  closing,
}: ContactsOptions): Promise<Prepared> {
  const { archived, limit, readAheadBytes, decode, maxRecordBytes, maxDepth, signal, unmatched } = settings
  const { wants, checkpoint, fail } = opening
  const state = opening.state as ContactsAsLeadsState | undefined
  if (unmatched !== undefined && !wants.ownItems) throw needsRun(unmatched)
  await loadLibsql(owner)
  const portalId = await readPortalId(client, { signal: closing })
  account.check(portalId)
  const properties = state?.properties ?? (await presentProperties(client, closing))
  const reading = { archived, limit, readAheadBytes, decode, maxRecordBytes, maxDepth, signal }
  const contacts = new CrmRun(
    { client, type: 'contacts', settings: { ...crmSettings('contacts', { properties }), ...reading } },
    { state: state?.contacts, wants: { rejected: wants.rejected, origins: false }, fail },
  )
  const spool = await openSpool({
    path: place.path,
    isKept: checkpoint !== undefined,
    identity: JSON.stringify([place.identity, portalId ?? null]),
    id: state?.spool,
    owner,
  })
  const reader = new SpoolReader(client, settings, spool, fail)
  return { spool, reader, contacts, properties, portalId }
}

/** The properties that leads are made from, as far as contacts have them. */
async function presentProperties(client: HubSpotClient, signal: AbortSignal): Promise<readonly string[]> {
  // With `types`, all definitions are read.
  const settings = crmSettings('contacts', { types: true })
  const definitions = await readDefinitions(client, 'contacts', settings, { signal })
  const names = new Set(definitions?.map(({ name }) => name))
  return leadProperties.filter(name => names.has(name))
}

function needsRun(unmatched: unknown): LeadpipeError {
  const expected = 'none in a plain pipeline, because only run() has outputs beside the sink'
  const remedy = 'use run(), or leave it out: unmatched submissions are then counted'
  return optionError({ owner, option: 'unmatched', expected, received: describe(unmatched), remedy })
}
