import { Command, Option } from 'commander'
import type { TimePivot } from '../index.ts'
import {
  addMessageOptions,
  addStageOptions,
  append,
  destinationOf,
  number,
  rate,
  text,
  time,
} from './flags.ts'
import type { Host } from './Host.ts'
import type { ExportFlags } from './transfer.ts'

/** A copy of the library's names, which would be loaded for every --help; the compiler checks that none is missing. */
const timePivots = Object.keys({
  insertedAt: true,
  firstConvertedAt: true,
  lastConvertedAt: true,
  lastModifiedAt: true,
  closedAt: true,
} satisfies Record<TimePivot, true>)

/** `leadpipe export`: its arguments and its help. */
export function exportCommand(host: Host, setExitCode: (code: number) => void): Command {
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices([...choices])
  const command = new Command('export')
    .description(
      'Export every lead of a portal (deleted ones only with --include-deleted), or selected ones, to a file, an HTTP receiver, or standard output.',
    )
    .argument(
      '<destination>',
      'a file (.ndjson, .jsonl or .json, and .gz to compress; {date} and {time} stand for those of the export, in UTC), an http(s) URL to post to, or - for standard output',
      destinationOf,
    )
    .optionsGroup('Portal:')
    .option('--origin <url>', 'scheme, host and port of the API (default: https://api.hubapi.com)')
    .option('--access-token <token>', 'access token of the portal (env: LEADPIPE_ACCESS_TOKEN)')
    .optionsGroup('Which leads (parameters of the API):')
    .option('--search <text>', 'part of a first name, last name, email address or company name', text)
    .option('--sort <attribute>', 'lead attribute to sort by, for example lastName')
    .addOption(choice('--dir <direction>', 'direction of the sort', ['asc', 'desc']))
    .option('--max <n>', 'leads a page, 1 to 100 (default: 100)', number)
    .option('--offset <n>', 'leads to skip at the beginning (default: 0)', number)
    .option(
      '--start-time <time>',
      'only leads whose time pivot is after this: ISO 8601, in UTC unless it has an offset, or milliseconds',
      time,
    )
    .option('--stop-time <time>', 'only leads whose time pivot is not after this', time)
    .addOption(choice('--time-pivot <field>', 'what the times apply to (default: insertedAt)', timePivots))
    .option('--exclude-conversion-events', 'omit conversion events, which is faster')
    .option('--opt-out', 'only leads that have unsubscribed from lead nurturing')
    .option('--eligible-for-email', 'only leads eligible for email marketing')
    .option('--bounced', 'only leads whose email bounced')
    .option('--is-not-imported', 'only web leads, not imported ones')
    .option('--include-deleted', 'also deleted leads (default: they are omitted)')
    .option('--guid <guid>', 'only this lead; may be repeated', append)
    .option('--limit <n>', 'the most leads in all', number)
    .addOption(
      choice(
        '--paging <how>',
        'by time (seek), which changes meanwhile do not disturb, or by offset, which may then miss leads (default: seek; offset with --sort, --dir, --offset or --max 1; with --guid, by guid)',
        ['seek', 'offset'],
      ),
    )
    .option(
      '--lag <ms>',
      "milliseconds before the portal's time at which reading by time ends: later leads are left for the next export (default: 60000)",
      number,
    )
  addStageOptions(command)
    .optionsGroup('How:')
    .option('--checkpoint <file>', 'save the progress in this file; the same command resumes there')
    .addOption(
      choice(
        '--when-finished <what>',
        'if the run of the checkpoint has finished: do nothing, start again, or read what is new since then (default: it is refused)',
        ['stop', 'restart', 'next'],
      ),
    )
    .option(
      '--reconcile',
      'request afterwards how many leads match on the portal; exit code 3 if fewer were read',
    )
    .option('--concurrency <n>', 'the most requests at the same time, 1 to 100 (default: 4)', number)
    .option(
      '--rate <n/seconds>',
      'the most requests in any interval of so many seconds (default: 100/10)',
      rate,
    )
  return addMessageOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  leadpipe export leads.ndjson.gz
  leadpipe export customers.json --search hubspot --limit 1000
  leadpipe export conversions.ndjson --start-time 2012-01-01 --time-pivot lastConvertedAt \\
    --explode events --select guid,email,form=conversionEvent.formName
  leadpipe export https://receiver.example/leads --on-invalid quarantine --quarantine rejected.ndjson
  leadpipe export - --select guid,email | head
  leadpipe export leads.ndjson.gz --checkpoint leads.checkpoint.json

Every night, what has changed since the night before, deletions too (such leads have isDeleted: true):
  leadpipe export 'changed-{date}.ndjson.gz' --time-pivot lastModifiedAt --include-deleted \\
    --checkpoint changed.checkpoint.json --when-finished next`,
    )
    .action(async (destination: string, flags: ExportFlags) => {
      const { exportLeads } = await import('./transfer.ts')
      const accessToken = host.env.LEADPIPE_ACCESS_TOKEN
      setExitCode(await exportLeads({ destination, flags: { accessToken, ...flags }, host }))
    })
}
