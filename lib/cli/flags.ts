import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Format, RateLimit, RunOptions } from '../index.ts'
import type { Host } from './Host.ts'

/** The common flags of `export` and `replay`: about the processing of the records, and about messages. */
export interface StageFlags {
  onInvalid: 'fail' | 'skip' | 'quarantine'
  quarantine?: string
  maxInvalid?: number
  nullFields?: 'keep' | 'reject'
  longNumbers?: 'round' | 'text'
  explode?: 'events' | 'values'
  select?: Record<string, string>
  allowUndocumented?: true
  format?: Format
  /** The path of the checkpoint; `export` only. */
  checkpoint?: string
  /** The most records in all; `export` only. */
  limit?: number
  quiet?: true
  json?: true
}

/** One call of `export` or `replay`: the destination of the records, the flags, and the process. */
export interface Invocation<Flags extends StageFlags = StageFlags> {
  readonly destination: string
  readonly flags: Flags
  readonly host: Host
}

/** How the command line watches a run. */
export type Watch = Required<Pick<RunOptions, 'signal' | 'onProgress' | 'progressInterval'>>

/** Adds the options about the processing of the records. */
export function addStageOptions(command: Command): Command {
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices([...choices])
  return command
    .optionsGroup('Processing:')
    .addOption(
      choice(
        '--on-invalid <policy>',
        "a lead that does not match the schema fails the run, is skipped, or is quarantined; other records have no schema: they are invalid if --types can't convert a value, or if they are not records at all",
        ['fail', 'skip', 'quarantine'],
      ).default('fail'),
    )
    .option('--quarantine <file>', 'the file for invalid records (NDJSON)', text)
    .option('--max-invalid <n>', 'the most invalid records, as a count or a share such as 0.01', number)
    .addOption(
      choice(
        '--null-fields <policy>',
        'of leads: keep null and "" where the documentation shows another value, or reject the lead as invalid (default: reject)',
        ['keep', 'reject'],
      ),
    )
    .addOption(
      choice(
        '--long-numbers <how>',
        'round numbers with more digits than a double holds, or keep their digits as text; records that are written as they came keep them in any case (default: text for CRM records, round for all others)',
        ['round', 'text'],
      ),
    )
    .addOption(
      choice(
        '--explode <what>',
        'of leads: one record a conversion event, with the event as conversionEvent; or one a submitted form field, with the field as formValue beside its conversionEvent',
        ['events', 'values'],
      ),
    )
    .option(
      '--select <list>',
      'fields, as PATH or NAME=PATH, for example id,email=properties.email, or guid,status=crmDetails.status of leads (form values repeat email addresses and names)',
      selection,
    )
    .option(
      '--allow-undocumented',
      'let --select name fields that are not documented, or not requested (default: they are refused, as misspelt)',
    )
    .addOption(
      choice('--format <format>', "how records are written (default: by the file's name)", [
        'ndjson',
        'json',
      ]),
    )
}

/** Adds the options about messages. */
export function addMessageOptions(command: Command): Command {
  return command
    .option('--quiet', 'no progress, no notes; only errors, and values that were changed')
    .option('--json', 'the report as one JSON object on standard output (on standard error for -)')
}

/*
 * Converts arguments of the command line to values of the API. The API decides which values are valid: these
 * functions only refuse text that can't be read at all. And the reverse, for messages: the flag that gave an option.
 */

/** The destination; standard output under its other names is `-`, so that messages do not get among the records. */
export const destinationOf = (text: string): string =>
  /^(\/dev\/stdout|\/dev\/fd\/1|\/proc\/self\/fd\/1)$/.test(text) ? '-' : text

/** A number in decimal digits. An integer that a double can't hold would become another one. */
export function number(text: string): number {
  const value = Number(text)
  if (!/^-?\d+(\.\d+)?$/.test(text) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new InvalidArgumentError('Expected a number, such as 100 or 0.01.')
  }
  return value
}

/**
 * Milliseconds since 1970, or a date and time in ISO 8601, which are in UTC unless they have an offset. As milliseconds,
 * a year (2020), a date without hyphens (20200101), also with hours and minutes (202001011200), and seconds would all be
 * other times, before 2001: only 0, and times that have 13 digits, are taken.
 */
export function time(text: string): number {
  if (/^(0|\d{13})$/.test(text)) return Number(text)
  const [, day, clock = 'T00:00', offset = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? []
  const value = Date.parse(`${day}${clock}${offset}`)
  // `Date.parse` takes 30 February for 1 March.
  if (Number.isNaN(value) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day) {
    throw new InvalidArgumentError(
      'Expected a time such as 2012-06-30 or 2012-06-30T12:00:00Z (UTC unless it has an offset such as +02:00), or milliseconds since 1970 (13 digits).',
    )
  }
  return value
}

/** N/SECONDS, for example 100/10. */
export function rate(text: string): RateLimit {
  const [, requests, seconds] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (requests === undefined || seconds === undefined) {
    throw new InvalidArgumentError('Expected N/SECONDS, for example 100/10 (100 requests in any 10 seconds).')
  }
  return { requests: Number(requests), interval: Math.round(Number(seconds) * 1_000) }
}

/** A comma-separated list of paths, or of NAME=PATH. */
function selection(text: string): Record<string, string> {
  const fields = text.split(',').map((part): [string, string] => {
    const [name = '', path = name, ...more] = part.split('=').map(side => side.trim())
    if (name === '' || path === '' || more.length > 0) {
      throw new InvalidArgumentError('Expected a list such as guid,email,status=crmDetails.status.')
    }
    return [name, path]
  })
  const selected = Object.fromEntries(fields)
  if (Object.keys(selected).length < fields.length) throw new InvalidArgumentError('Expected each name once.')
  return selected
}

/** A comma-separated list of names. */
export function names(text: string): string[] {
  const list = text.split(',').map(name => name.trim())
  if (list.includes('')) throw new InvalidArgumentError('Expected a list such as email,firstname,lastname.')
  return list
}

/** A text. An empty one comes from a variable that is not set, and would select everything. */
export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('Expected a text that is not empty.')
  return value
}

/** Adds a text of an option that may be given several times. */
export function append(value: string, previous: readonly string[] = []): string[] {
  return [...previous, text(value)]
}

/** How an option is given on the command line, if not by a flag of its name. */
const renamed: Readonly<Record<string, string>> = {
  'HubSpotClient rateLimit': '--rate',
  'leads() guids': '--guid',
  'crmObjects() type': '--from',
  'formSubmissions() forms': '--form',
  'formSubmissions() since': '--start-time',
  'formSubmissions() until': '--stop-time',
  'run() checkpoint.path': '--checkpoint',
  'run() checkpoint.whenFinished': '--when-finished',
  'run() sink': 'destination',
  'run() source': '--from',
  'toFile() path': 'destination',
  'toHttp() url': 'destination',
  'quarantined() path': 'quarantine',
}

/** The options that have a flag of their name. */
const named: Readonly<Record<string, readonly string[]>> = {
  HubSpotClient: ['accessToken', 'origin', 'apiVersion', 'concurrency'],
  'leads()': [
    ...['search', 'sort', 'dir', 'max', 'offset', 'startTime', 'stopTime', 'timePivot', 'optOut', 'bounced'],
    ...['excludeConversionEvents', 'eligibleForEmail', 'isNotImported', 'includeDeleted', 'limit', 'paging'],
    ...['longNumbers', 'lag'],
  ],
  'crmObjects()': [
    ...['properties', 'associations', 'archived', 'types', 'modifiedAfter', 'modifiedBefore', 'lag'],
    ...['paging', 'limit', 'longNumbers'],
  ],
  'forms()': ['archived', 'limit', 'longNumbers'],
  'formSubmissions()': ['lag', 'limit', 'longNumbers'],
  'contactsAsLeads()': ['archived', 'unmatched', 'lag', 'limit'],
  'quarantined()': ['longNumbers'],
  'validate()': ['onInvalid', 'quarantine', 'maxInvalid', 'nullFields'],
  'run()': ['checkpoint', 'reconcile'],
  'toFile()': ['format'],
  'toHttp()': ['format'],
  'encode()': ['format'],
  'createPortal()': ['port', 'leads', 'objects', 'seed', 'db', 'accessToken', 'searchLag', 'faults'],
}

/**
 * How an option of the API is given on the command line: `--rate (requests)` for `rateLimit.requests` of
 * `HubSpotClient`.
 *
 * @returns undefined for an option that the command line does not have
 */
export function flagOf(owner: string, option?: string): string | undefined {
  if (owner === 'project()') return '--select'
  if (option === undefined) return undefined
  if (owner === 'checkpoint') return flagOfPart(option)
  if (owner === 'export') return flagNamed(option)
  const whole = renamed[`${owner} ${option}`]
  if (whole !== undefined) return whole
  const [name = '', ...inside] = option.split('.')
  const isFlag = named[owner]?.includes(name)
  const own = isFlag ? flagNamed(name) : undefined
  const flag = renamed[`${owner} ${name}`] ?? own
  return flag === undefined || inside.length === 0 ? flag : `${flag} (${inside.join('.')})`
}

const flagNamed = (name: string) => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** The sources of `export`; an option that several have has the same flag. */
const sources = ['leads()', 'crmObjects()', 'forms()', 'formSubmissions()', 'contactsAsLeads()']

/** The flag that gave a part of the description of a run, which a checkpoint has. `validate` is its first operator. */
function flagOfPart(part: string): string | undefined {
  const [stage, ...path] = part.split('.')
  const name = path.at(-1)
  if (stage === 'sink') return name === 'format' ? '--format' : 'destination'
  if (stage === 'operators') return path[0] === '0' ? flagOf('validate()', name) : '--explode or --select'
  const option = path.find(step => step !== 'query')
  if (option === 'origin') return flagOf('HubSpotClient', option)
  if (option === 'source') return '--from'
  const owner = sources.find(source => option !== undefined && flagOf(source, option) !== undefined)
  return owner && flagOf(owner, option)
}
