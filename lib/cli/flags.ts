import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Format, RateLimit, RunOptions } from '../index.ts'
import type { Host } from './Host.ts'

/** What `export` and `replay` have in common: what becomes of the leads, and what is said about it. */
export interface StageFlags {
  onInvalid: 'fail' | 'skip' | 'quarantine'
  quarantine?: string
  maxInvalid?: number
  explode?: 'events' | 'values'
  select?: Record<string, string>
  format?: Format
  /** Where the run keeps how far it is; `export` only. */
  checkpoint?: string
  quiet?: true
  json?: true
}

/** One call of `export` or `replay`: where the records go, what was said about it, and the process it runs in. */
export interface Invocation<Flags extends StageFlags = StageFlags> {
  readonly destination: string
  readonly flags: Flags
  readonly host: Host
}

/** How a run is watched by the command line. */
export type Watch = Required<Pick<RunOptions, 'signal' | 'onProgress' | 'progressInterval'>>

/** Adds the options that say what becomes of the leads. */
export function addStageOptions(command: Command): Command {
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices([...choices])
  return command
    .optionsGroup('What becomes of them:')
    .addOption(
      choice(
        '--on-invalid <policy>',
        'a lead that does not match the schema ends the run, is left out, or set aside',
        ['fail', 'skip', 'quarantine'],
      ).default('fail'),
    )
    .option('--quarantine <file>', 'where invalid leads are set aside (NDJSON)')
    .option('--max-invalid <n>', 'most invalid leads, as a count or a share such as 0.01', number)
    .addOption(
      choice(
        '--explode <what>',
        'one record a conversion event, with the event as conversionEvent; or one a submitted form field, with the field as formValue beside its conversionEvent',
        ['events', 'values'],
      ),
    )
    .option(
      '--select <list>',
      'fields, as PATH or NAME=PATH, for example guid,status=crmDetails.status',
      selection,
    )
    .addOption(
      choice('--format <format>', "how records are written (default: by the file's name)", [
        'ndjson',
        'json',
      ]),
    )
}

/** Adds the options about what is said. */
export function addTellOptions(command: Command): Command {
  return command
    .option('--quiet', 'no progress, no notes; only errors')
    .option('--json', 'the report as one JSON object on standard output (on standard error for -)')
}

/*
 * From what stands on the command line to values of the API. What a value may be is the API's to say: these
 * only refuse what can't be read at all. And back: the flag that gave an option, for messages.
 */

/** A number. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

/** Milliseconds since 1970, or a date and time in ISO 8601; a date alone is its beginning in UTC. */
export function time(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const value = /^\d{4}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(value)) {
    throw new InvalidArgumentError(
      'Expected milliseconds since 1970, or a time such as 2012-06-30 or 2012-06-30T12:00:00Z.',
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
export function selection(text: string): Record<string, string> {
  const fields = text.split(',').map((part): [string, string] => {
    const [name = '', path = name] = part.split('=', 2).map(side => side.trim())
    if (name === '' || path === '') {
      throw new InvalidArgumentError('Expected a list such as guid,email,status=crmDetails.status.')
    }
    return [name, path]
  })
  const selected = Object.fromEntries(fields)
  if (Object.keys(selected).length < fields.length)
    throw new InvalidArgumentError('A name stands there twice.')
  return selected
}

/** One more of an option that may be given several times. */
export function append(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

/** The flags whose names are not the option's own. */
const renamed: Readonly<Record<string, string>> = { guids: 'guid', rateLimit: 'rate' }

/**
 * The flag that gave an option, as the user writes it: `--rate (requests)` for `rateLimit.requests`.
 *
 * @param option the path of the option in the API
 * @param flags what was given, by commander's names
 * @returns undefined when no flag gave it
 */
export function flagOf(option: string, flags: object): string | undefined {
  // The path of a checkpoint is all that --checkpoint holds.
  const names = option
    .replace(/^checkpoint\.path$/, 'checkpoint')
    .split('.')
    .map(name => renamed[name] ?? name)
  const index = names.findLastIndex(name => (flags as Record<string, unknown>)[name] !== undefined)
  const flag = names[index]?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  const inside = names.slice(index + 1).join('.')
  return flag === undefined ? undefined : `--${flag}${inside === '' ? '' : ` (${inside})`}`
}
