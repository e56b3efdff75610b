import type { Writable } from 'node:stream'
import { checkOptions, type OptionRules } from '../../options/checkOptions.ts'
import { choice, type OptionRule, withDefault } from '../../options/optionRule.ts'
import { type FormSubmissionsOptions, formSubmissionsRules } from './formOptions.ts'
import { type CrmOptions, crmRules } from './options.ts'

/** Which contacts become leads, and how. */
export interface ContactsAsLeadsOptions
  extends Pick<CrmOptions, 'archived'>,
    Pick<FormSubmissionsOptions, 'lag'>,
    Pick<
      CrmOptions,
      'limit' | 'readAheadBytes' | 'decode' | 'maxRecordBytes' | 'maxDepth' | 'highWaterMark' | 'signal'
    > {
  /**
   * The `guid` and `id` of a lead. 'contact' is the id of the contact. 'legacy' is the guid that it had as a lead
   * (LEAD_GUID), which only the old list of contacts has: if the portal does not serve it, the stream fails with its
   * answer. A contact that never was a lead has no such guid: it gets its id. Default: 'contact'.
   */
  guid?: 'contact' | 'legacy' | undefined
  /**
   * Whether the old list of contacts is read, which names the submissions of each contact exactly. HubSpot serves it until
   * September 2027; if the portal does not, the other ways are used alone. Default: true.
   */
  legacyContacts?: boolean | undefined
  /**
   * Where submissions go that belong to no contact: the path of an NDJSON file, or an object-mode Writable such as a sink.
   * Only under `run`, which opens the path, and ends the Writable. They are those of `formSubmissions()`, after the last
   * contact; none if a `limit` or an operator ends the run earlier. Default: they are only counted.
   */
  unmatched?: string | Writable | undefined
  /**
   * The path of the file that holds the submissions while contacts are read. Default: beside the checkpoint
   * (`CHECKPOINT.submissions.sqlite`); without one a temporary file.
   */
  spool?: string | undefined
}

type Filled = 'archived' | 'lag' | 'limit' | 'readAheadBytes' | 'decode' | 'maxRecordBytes' | 'maxDepth'

/** The options with every default filled in. */
export type ContactsAsLeadsSettings = ContactsAsLeadsOptions &
  Required<Pick<ContactsAsLeadsOptions, Filled | 'guid' | 'legacyContacts' | 'highWaterMark'>>

export const owner = 'contactsAsLeads()'

const { archived, limit, readAheadBytes, decode, maxRecordBytes, maxDepth, highWaterMark, signal } =
  crmRules.options as Readonly<Record<keyof ContactsAsLeadsOptions, OptionRule>>

/** What the options accept. */
export const contactsAsLeadsRules: OptionRules = {
  owner,
  options: {
    archived,
    lag: formSubmissionsRules.options.lag as OptionRule,
    guid: withDefault('contact', choice('contact', 'legacy')),
    legacyContacts: { type: 'boolean', default: true, expected: 'true or false' },
    unmatched: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'object', required: ['write', 'end', 'writableObjectMode'] },
      ],
      expected: 'the path of a file, or an object-mode Writable',
    },
    spool: { type: 'string', minLength: 1, expected: 'the path of a file' },
    ...{ limit, readAheadBytes, decode, maxRecordBytes, maxDepth, highWaterMark, signal },
  },
  elsewhere: {
    ...crmRules.elsewhere,
    properties: 'a lead has the fields of 2011; read other properties with contacts()',
    quarantine: 'it is called unmatched',
  },
}

/**
 * Checks the options of `contactsAsLeads()`, and fills in every default.
 *
 * @throws {LeadpipeError} OPTION
 */
export const contactsAsLeadsSettings = (given?: ContactsAsLeadsOptions): ContactsAsLeadsSettings =>
  checkOptions(given, contactsAsLeadsRules) as ContactsAsLeadsSettings
