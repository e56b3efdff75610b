import { type Command, Option } from 'commander'
import type { Format, RunOptions } from '../index.ts'
import { number, selection } from './flags.ts'
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
