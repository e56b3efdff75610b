import { onAbort } from '../../async/onAbort.ts'
import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { leadProperties } from '../../crm/contactAsLead.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { Lead } from '../../lead/Lead.ts'
import type { Batch, SourceOpening, SourceRun } from '../../stage/SourceStage.ts'
import { type Equation, equation, type Json } from '../../stage/Stage.ts'
import { AccountGuard } from '../AccountGuard.ts'
import { noCounts, type SourceCounts } from '../SourceCounts.ts'
import { type JoinCounts, SubmissionJoin } from '../spool/SubmissionJoin.ts'
import { type LeadBatch, leadBatch, noProgress, type Progress, unmatchedBatch } from './leadBatches.ts'
import type { ContactsAsLeadsSettings } from './leadOptions.ts'
import {
  type ContactsAsLeadsState,
  type Prepared,
  prepareContacts,
  type SpoolPlace,
} from './prepareContacts.ts'
import type { SpoolFacts } from './SpoolReader.ts'

/** What a report says about the submissions of the contacts. */
export interface SubmissionsFacts extends Pick<SpoolFacts, 'legacyContacts'> {
  /** Submissions that were read. */
  read: number
  /** Those that belong to a contact, by the way in which it was found. */
  joined: JoinCounts
  /** Those that match no contact. Absent until the contacts are read to their end. */
  unmatched?: number
  /** Properties that the portal does not have: the leads lack the fields. */
  absentProperties: string[]
  /** Values of properties that are not of their types: the leads lack the fields. */
  unreadable: number
}

/** Unmatched submissions in a batch. */
const rowsPerBatch = 100

/** Reads the submissions into a spool, and then the contacts, each of which becomes a lead with its submissions. */
export class ContactsAsLeadsRun implements SourceRun<Lead> {
  readonly #client: HubSpotClient
  readonly #settings: ContactsAsLeadsSettings
  readonly #opening: SourceOpening
  readonly #place: SpoolPlace
  readonly #state: ContactsAsLeadsState | undefined
  readonly #account: AccountGuard
  readonly #closing = new AbortController()
  /** The call of `next` that is under way. */
  #pending: Promise<Batch<Lead> | undefined> | undefined
  #prepared: Prepared | undefined
  /** Undefined until the spool is complete. */
  #join: SubmissionJoin | undefined
  #current: LeadBatch | undefined
  /** What was delivered. */
  #progress: Progress
  /** Submissions that match no contact, if they are only counted. */
  #counted: number | undefined
  #isClosed = false
  #isEnded = false
  #spooled: SpoolFacts = { submissions: 0 }

  constructor(
    client: HubSpotClient,
    settings: ContactsAsLeadsSettings,
    opening: SourceOpening,
    place: SpoolPlace,
  ) {
    const state = opening.state as ContactsAsLeadsState | undefined
    this.#client = client
    this.#settings = settings
    this.#opening = opening
    this.#place = place
    this.#state = state
    this.#account = new AccountGuard('contacts', state?.portalId)
    const { joined, unreadable, unmatched, row } = state ?? noProgress()
    this.#progress = { joined, unreadable, unmatched, row }
  }

  get delivered(): number {
    return (this.#prepared?.contacts.delivered ?? 0) + this.#progress.unmatched
  }

  /** The counts of the list of contacts. */
  counts(): SourceCounts & Record<string, number> {
    return this.#prepared?.contacts.counts() ?? { ...noCounts() }
  }

  /** What became of the submissions so far. */
  get submissions(): SubmissionsFacts {
    const { joined, unreadable, unmatched } = this.#progress
    const { properties = leadProperties } = this.#prepared ?? {}
    const { submissions, legacyContacts } = this.#spooledNow
    return {
      ...{ read: submissions, joined },
      ...(this.#isEnded ? { unmatched: this.#counted ?? unmatched } : {}),
      ...(legacyContacts === undefined ? {} : { legacyContacts }),
      absentProperties: leadProperties.filter(name => !properties.includes(name)),
      unreadable,
    }
  }

  facts(): Readonly<Record<string, Json>> {
    const { forms } = this.#spooledNow
    const source = { ...(this.#prepared?.contacts.facts().source as object), name: 'contactsAsLeads' }
    return { source, submissions: this.submissions, ...(forms === undefined ? {} : { forms }) }
  }

  equations(): readonly Equation[] {
    const { read, joined, unmatched } = this.submissions
    const used = joined.conversionId + joined.time + joined.email + (unmatched ?? 0)
    return [
      ...(this.#prepared?.contacts.equations() ?? []),
      ...(unmatched === undefined ? [] : [equation('submissions read', 'joined + unmatched', read, used)]),
    ]
  }

  next(): Promise<Batch<Lead> | undefined> {
    this.#finish()
    this.#pending = this.#next()
    return this.#pending
  }

  save(batch: Batch<Lead> | undefined, processed: number): ContactsAsLeadsState | undefined {
    this.#deliver(batch, processed)
    if (this.#prepared === undefined) return this.#state
    const { contacts, spool, properties } = this.#prepared
    // What contacts took must not be lost: without it, later ones would take it again. While the spool is filled, its
    // reader commits.
    if (this.#join !== undefined) spool.commit()
    const { id: portalId } = this.#account
    return {
      ...this.#progress,
      contacts: contacts.save(...this.#contactsOf(batch, processed)),
      ...{ spool: spool.id, properties },
      ...(portalId === undefined ? {} : { portalId }),
    }
  }

  async close(batch: Batch<Lead> | undefined, processed: number): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#deliver(batch, processed)
    this.#closing.abort()
    const early = this.#prepared
    await early?.reader.stop()
    await early?.contacts.close(...this.#contactsOf(batch, processed))
    await this.#pending?.catch(() => {})
    const prepared = this.#prepared
    // It may have been prepared meanwhile.
    if (prepared !== early) await prepared?.contacts.close(undefined, 0)
    if (this.#join !== undefined) prepared?.spool.commit()
    await prepared?.spool.close()
  }

  async #next(): Promise<Batch<Lead> | undefined> {
    this.#settings.signal?.throwIfAborted()
    if (this.#prepared === undefined) {
      this.#prepared = await this.#prepare()
      // An empty batch: the checkpoint is saved before the submissions are read, so that a restart continues there.
      return this.#emit(unmatchedBatch([], this.#progress))
    }
    const { contacts, portalId } = this.#prepared
    const join = this.#join ?? (await this.#fillSpool(this.#prepared))
    if (join === undefined) return undefined
    const maker = { join, portalId, isLegacy: this.#settings.guid === 'legacy' }
    const batch = await contacts.next()
    if (batch !== undefined) return this.#emit(leadBatch(batch, this.#progress, maker))
    const isLimited = contacts.progress.delivered >= this.#settings.limit
    if (!contacts.isEnded || isLimited || this.#isClosed) return undefined
    if (this.#settings.unmatched !== undefined) {
      const rows = join.unmatched(this.#progress.row, rowsPerBatch)
      if (rows.length > 0) return this.#emit(unmatchedBatch(rows, this.#progress))
    } else {
      this.#counted = join.countUnmatched()
    }
    this.#isEnded = true
    return undefined
  }

  /** What is in the spool; while it is filled, what was committed. */
  get #spooledNow(): SpoolFacts {
    const isFilling = this.#join === undefined && !this.#isClosed
    return isFilling ? (this.#prepared?.reader.facts ?? this.#spooled) : this.#spooled
  }

  async #prepare(): Promise<Prepared> {
    const { signal } = this.#settings
    const unlisten = signal && onAbort(signal, () => this.#closing.abort(signal.reason))
    try {
      return await prepareContacts({
        ...{ client: this.#client, settings: this.#settings, opening: this.#opening, place: this.#place },
        ...{ account: this.#account, closing: this.#closing.signal },
      })
    } finally {
      unlisten?.()
    }
  }

  /** Reads everything into the spool; undefined if it was closed before the end. */
  async #fillSpool({ spool, reader }: Prepared): Promise<SubmissionJoin | undefined> {
    const isComplete = await reader.read()
    this.#spooled = reader.facts
    if (!isComplete || this.#isClosed) return undefined
    this.#join = new SubmissionJoin(spool)
    this.#join.restart(this.#state?.contacts.position.records ?? 0)
    return this.#join
  }

  #emit(current: LeadBatch): Batch<Lead> {
    this.#current = current
    return current.batch
  }

  /** Counts the first items of a batch as delivered. A batch before the current one is counted already. */
  #deliver(batch: Batch<Lead> | undefined, count: number): void {
    if (batch === undefined || batch !== this.#current?.batch) return
    this.#progress = this.#current.progress[count] ?? this.#progress
  }

  #finish(): void {
    this.#progress = this.#current?.progress.at(-1) ?? this.#progress
  }

  /** The contacts that the first items of a batch are made from. */
  #contactsOf(batch: Batch<Lead> | undefined, count: number): [Batch<AnyRecord> | undefined, number] {
    return batch !== undefined && batch === this.#current?.batch
      ? [this.#current.contacts, count]
      : [undefined, 0]
  }
}
