import {
  type FormsPosition,
  formsPositionRule,
  type SubmissionsPosition,
  submissionsPositionRule,
} from '../../crm/formPositions.ts'
import type { LongNumbers } from '../../decode/parseElement.ts'
import { queryRules, type Time } from '../../lead/LeadsQuery.ts'
import { checkOptions, type OptionRules } from '../../options/checkOptions.ts'
import { checkRange, milliseconds } from '../../options/milliseconds.ts'
import { integer, type OptionRule, withDefault } from '../../options/optionRule.ts'
import { leadsRules, ofTheClient } from '../options.ts'

/** How forms or submissions are read. */
interface ReadingOptions {
  /** The maximum number of records to deliver, 1 or more. Default: all. */
  limit?: number | undefined
  /**
   * The maximum number of bytes of decompressed bodies that are held for pages read ahead, as for `leads()`. 0 or more;
   * 0 reads one page after the other. Default: 12 MiB.
   */
  readAheadBytes?: number | undefined
  /** How bodies are decoded, as for `leads()`. Default: 'express'. */
  decode?: 'express' | 'stream-json' | undefined
  /** What becomes of a number with more digits than a double holds, as for `leads()`. Default: 'round'. */
  longNumbers?: LongNumbers | undefined
  /** The maximum size of one record in bytes, 1 or more. Default: 16 MiB. */
  maxRecordBytes?: number | undefined
  /** The maximum depth of nesting inside one record, 1 to 1,000. Default: 100. */
  maxDepth?: number | undefined
  /** How many records are read ahead of the consumer, 0 or more. Default: 16, Node's own. */
  highWaterMark?: number | undefined
  /** Aborts reading at once; the stream fails with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Which forms are read, and how. */
export interface FormsOptions extends ReadingOptions {
  /** Whether archived forms are read: only those (true), none (false), or both, those that are not first. Default: 'both'. */
  archived?: boolean | 'both' | undefined
  /** Where to resume: the `position` of an earlier source with the same options. Default: the beginning of the list. */
  from?: FormsPosition | undefined
}

/** Which submissions are read, and how. */
export interface FormSubmissionsOptions extends ReadingOptions {
  /** The ids (guids) of the forms. Default: every form of the portal, archived ones too. */
  forms?: readonly string[] | undefined
  /** Only what was submitted at this time or later. Default: everything. */
  since?: Time | undefined
  /** Only what was submitted before this time. Default: until `lag` before the server's time of the first answer. */
  until?: Time | undefined
  /**
   * Milliseconds by which `until` is before the server's time at the start, at least (Date and Age of its first answer;
   * this machine's without a Date). Later submissions are left for the next export, because the portal may still make
   * more of that time visible. 0 to 3,155,760,000,000 (100 years). Default: 300,000 (five minutes).
   */
  lag?: number | undefined
  /** Where to resume: the `position` of an earlier source with the same options. Default: the first form. */
  from?: SubmissionsPosition | undefined
}

type Filled =
  | 'limit'
  | 'readAheadBytes'
  | 'decode'
  | 'longNumbers'
  | 'maxRecordBytes'
  | 'maxDepth'
  | 'highWaterMark'

/** The options of `forms()` with every default filled in. */
export type FormsSettings = FormsOptions & Required<Pick<FormsOptions, Filled | 'archived'>>

/** The options of `formSubmissions()` with every default filled in, and times in milliseconds. */
export type FormSubmissionsSettings = Omit<FormSubmissionsOptions, 'since' | 'until'> &
  Required<Pick<FormSubmissionsOptions, Filled | 'lag'>> & { since?: number; until?: number }

const rules = leadsRules.options as Readonly<Record<Filled | 'maxLeadBytes' | 'signal', OptionRule>>
const readingRules = {
  limit: integer({ min: 1, unit: 'records in all', default: Number.POSITIVE_INFINITY }),
  readAheadBytes: rules.readAheadBytes,
  decode: rules.decode,
  longNumbers: rules.longNumbers,
  maxRecordBytes: rules.maxLeadBytes,
  highWaterMark: integer({ min: 0, unit: 'records', default: 16 }),
  maxDepth: rules.maxDepth,
  signal: rules.signal,
}
const elsewhere = { ...ofTheClient, maxLeadBytes: 'it is called maxRecordBytes' }

/** What the options of `forms()` accept. */
export const formsRules: OptionRules = {
  owner: 'forms()',
  options: {
    ...readingRules,
    archived: withDefault('both', { enum: [true, false, 'both'], expected: 'true, false or "both"' }),
    from: formsPositionRule,
  },
  elsewhere,
}

/** What the options of `formSubmissions()` accept. */
export const formSubmissionsRules: OptionRules = {
  owner: 'formSubmissions()',
  options: {
    ...readingRules,
    forms: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      expected: 'ids of forms, as an array of strings that is not empty',
    },
    since: queryRules.startTime,
    until: queryRules.stopTime,
    lag: integer({ min: 0, max: 3_155_760_000_000, unit: 'milliseconds', default: 300_000 }),
    from: submissionsPositionRule,
  },
  elsewhere: {
    ...elsewhere,
    startTime: 'it is called since',
    stopTime: 'it is called until',
    form: 'it is called forms, and is an array of ids',
  },
}

/**
 * Checks the options of `forms()`.
 *
 * @throws {LeadpipeError} OPTION
 */
export const formsOptions = (given?: FormsOptions): FormsSettings =>
  checkOptions(given, formsRules) as FormsSettings

/**
 * Checks the options of `formSubmissions()`.
 *
 * @throws {LeadpipeError} OPTION
 */
export function formSubmissionsOptions(given?: FormSubmissionsOptions): FormSubmissionsSettings {
  const settings = checkOptions(given, formSubmissionsRules) as FormSubmissionsSettings
  for (const name of ['since', 'until'] as const)
    if (settings[name] !== undefined) settings[name] = milliseconds(owner, name, settings[name])
  const { since, until } = settings
  checkRange(owner, ['since', since], ['until', until])
  return settings
}

const owner = 'formSubmissions()'
