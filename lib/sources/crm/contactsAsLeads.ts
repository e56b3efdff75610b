import { resolve } from 'node:path'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { Lead } from '../../lead/Lead.ts'
import type { SourceOpening, SourceStage } from '../../stage/SourceStage.ts'
import { currentRun } from '../../streams/attach.ts'
import { SourceReadable } from '../../streams/SourceReadable.ts'
import { checkClient } from '../checkClient.ts'
import type { SourceCounts } from '../SourceCounts.ts'
import { removeSpool } from '../spool/openSpool.ts'
import { ContactsAsLeadsRun, type SubmissionsFacts } from './ContactsAsLeadsRun.ts'
import {
  type ContactsAsLeadsOptions,
  type ContactsAsLeadsSettings,
  contactsAsLeadsSettings,
  owner,
} from './leadOptions.ts'
import { unmatchedOperator } from './Unmatched.ts'

/**
 * Every contact of a HubSpot portal in the shape of a lead of 2011, with its form submissions as `leadConversionEvents`,
 * read from the APIs of today.
 *
 * A field that has no source today is absent: `closeProbability`, `crmType`, `estimatedRevenue`, `formId`, `ipAddress`,
 * `leadCustomerStatusModifyLogs`, `leadJsonLink`, `leadNurturingActive`, `leadNurturingCampaignId`, `publicLeadLink`,
 * `sourceValueModifiedAt`, `userToken`. So is one whose property the portal does not have (`submissions.absentProperties`
 * lists these), and `sourceId` and `foundVia` of a source that 2011 had no number for. Of an empty property, a text is ""
 * and a time 0; a number is absent. `leadId` is the id of the contact, and `leadLink` its page of today. `pageName` of an
 * event comes from the old list of contacts.
 *
 * First, all submissions are read into an SQLite file: until five minutes ago (`lag`), newer ones are left for the next
 * export. Then the contacts are read in the order of their ids, and each gets its submissions, earliest first. A
 * submission belongs to at most one contact, which is found
 *
 * 1. by its `conversionId`, which the old list of contacts ties to a contact;
 * 2. or by its form and time, which the contact names (`hs_calculated_form_submissions`, the newest 800). If more
 *    submissions have both than it names, they are those with an address of the contact;
 * 3. or by an address of the contact (`email`, `hs_additional_emails`), if the contact counts more submissions than it
 *    names (`num_conversion_events`), newest first.
 *
 * All others match no contact: they are counted, and go to `unmatched`.
 *
 * In the file, each submission takes its JSON and about 300 bytes. Only its owner may read it. It is removed when the run
 * has ended well. A run that is interrupted keeps it beside its checkpoint, because a restart continues with it. A
 * temporary file is always removed, unless the process is killed.
 *
 * Needs the optional package libsql, and the scopes `crm.objects.contacts.read` and `forms`. Nothing is requested before
 * the first read. The stream fails with OPTION if libsql is missing; with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE or PAGING; with SOURCE if the file can't be written; with CHECKPOINT if it belongs to something else;
 * or with the reason of `signal`.
 *
 * @param client the client of the portal to read; it is not closed
 * @param options which contacts, and how they are read; default: all that are not archived
 * @throws {LeadpipeError} OPTION for an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * await run(contactsAsLeads(client, { unmatched: 'unmatched.ndjson' }), toFile('leads.ndjson'))
 * ```
 */
export function contactsAsLeads(
  client: HubSpotClient,
  options?: ContactsAsLeadsOptions,
): ContactsAsLeadsSource {
  checkClient(owner, client)
  return new ContactsAsLeadsSource(client, contactsAsLeadsSettings(options))
}

/** The contacts of a portal as leads, as an object-mode Readable. Made by `contactsAsLeads()`. */
export class ContactsAsLeadsSource extends SourceReadable<Lead, ContactsAsLeadsRun> {
  constructor(client: HubSpotClient, settings: ContactsAsLeadsSettings) {
    const { unmatched, highWaterMark } = settings
    // The process may change its directory during the run.
    const spool = settings.spool === undefined ? undefined : resolve(settings.spool)
    const pathOf = (checkpoint: string | undefined) =>
      spool ?? (checkpoint === undefined ? undefined : `${checkpoint}.submissions.sqlite`)
    const fingerprint = identityOf(client, settings)
    const open = (opening: SourceOpening) => {
      const place = { path: pathOf(opening.checkpoint), identity: fingerprint }
      return new ContactsAsLeadsRun(client, settings, opening, place)
    }
    const stage: SourceStage<Lead> = {
      name: 'contactsAsLeads',
      explains: true,
      fingerprint,
      open,
      noneFollows: {
        owner: 'run()',
        option: 'source',
        expected: 'a source that is read by time',
        received: `${owner}, which reads all contacts`,
      },
      kept: {
        pathOf,
        async remove(checkpoint) {
          const path = pathOf(checkpoint)
          if (path !== undefined) await removeSpool(path)
        },
      },
    }
    const operators = unmatched === undefined ? [] : [unmatchedOperator(unmatched)]
    super(stage, open, { highWaterMark, operators })
  }

  /** The counts of the list of contacts so far. */
  get counts(): SourceCounts {
    return this[currentRun].counts()
  }

  /** What became of the submissions so far. */
  get submissions(): SubmissionsFacts {
    return this[currentRun].submissions
  }
}

/** What must be the same for a checkpoint to fit: plain JSON. */
function identityOf(
  client: HubSpotClient,
  { archived, guid, legacyContacts, lag, limit }: ContactsAsLeadsSettings,
): Readonly<Record<string, unknown>> {
  return {
    source: 'contactsAsLeads',
    origin: client.origin,
    ...{ archived, guid, legacyContacts, lag },
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
  }
}
