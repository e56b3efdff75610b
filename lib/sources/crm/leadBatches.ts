import type { CrmPosition } from '../../crm/CrmPosition.ts'
import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { contactAsLead } from '../../crm/contactAsLead.ts'
import { conversionEvent } from '../../crm/conversionEvents.ts'
import type { Lead } from '../../lead/Lead.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Batch } from '../../stage/SourceStage.ts'
import { type JoinCounts, noJoins, type SubmissionJoin, type UnmatchedRow } from '../spool/SubmissionJoin.ts'
import { Unmatched } from './Unmatched.ts'

/** What was delivered up to a place: plain JSON. */
export interface Progress {
  /** Submissions that belong to a contact, by the way in which it was found. */
  readonly joined: JoinCounts
  /** Values of properties that are not of their types. */
  readonly unreadable: number
  /** Submissions that match no contact, and the place of the last one. */
  readonly unmatched: number
  readonly row: number
}

export const noProgress = (): Progress => ({ joined: noJoins(), unreadable: 0, unmatched: 0, row: 0 })

/** A batch of leads, or of unmatched submissions after the last lead. */
export interface LeadBatch {
  readonly batch: Batch<Lead>
  /** The contacts that the leads are made from; undefined for unmatched submissions. */
  readonly contacts?: Batch<AnyRecord>
  /** What was delivered after each number of items, from 0. */
  readonly progress: readonly Progress[]
}

/** How contacts become leads. */
export interface LeadMaker {
  readonly join: SubmissionJoin
  readonly portalId: number | undefined
  /** Whether the guid is that of 2011. */
  readonly isLegacy: boolean
}

/** The leads that contacts are. */
export function leadBatch(contacts: Batch<AnyRecord>, base: Progress, maker: LeadMaker): LeadBatch {
  const { records } = contacts.positionAfter(0) as CrmPosition
  const items: (Lead | Rejected)[] = []
  const progress = [base]
  let number = records
  for (const contact of contacts.items) {
    const before = progress.at(-1) as Progress
    if (contact instanceof Rejected) {
      items.push(contact)
      progress.push(before)
      continue
    }
    number += 1
    const joined = { ...before.joined }
    let { unreadable } = before
    items.push(
      leadOf(contact, maker, number, joined, () => {
        unreadable += 1
      }),
    )
    progress.push({ ...before, joined, unreadable })
  }
  const { bytes } = contacts
  const batch: Batch<Lead> = { items, bytes, positionAfter: count => contacts.positionAfter(count) }
  return { batch, contacts, progress }
}

function leadOf(
  contact: AnyRecord,
  { join, portalId, isLegacy }: LeadMaker,
  number: number,
  joined: JoinCounts,
  unreadable: () => void,
): Lead {
  const guid = (isLegacy ? join.leadGuid(contact.id) : undefined) ?? contact.id
  const submissions = join.submissionsOf(contact, number, joined)
  const events = submissions.map(submission => conversionEvent(submission, guid, portalId))
  return contactAsLead(contact, { guid, portalId, events }, unreadable)
}

/** Submissions that match no contact. They are no leads: only the source's own operator receives them. */
export function unmatchedBatch(rows: readonly UnmatchedRow[], base: Progress): LeadBatch {
  const progress = [
    base,
    ...rows.map(({ id: row }, index) => ({ ...base, unmatched: base.unmatched + index + 1, row })),
  ]
  const items = rows.map(({ submission }) => new Unmatched(submission)) as Iterable<never>
  const batch = { items, bytes: 0, positionAfter: (count: number) => progress[count]?.row }
  return { batch, progress }
}
