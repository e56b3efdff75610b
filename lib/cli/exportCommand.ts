import { Command, Option } from 'commander'
import type { ApiVersion, TimePivot } from '../index.ts'
import { sourceNamed } from './exportSource.ts'
import {
  addMessageOptions,
  addStageOptions,
  append,
  destinationOf,
  names,
  number,
  rate,
  text,
  time,
} from './flags.ts'
import type { Host } from './Host.ts'
import type { ExportFlags } from './openSource.ts'

const sources = `one of these (default: leads):
contacts, companies, deals, tickets: CRM records
objects/TYPE: CRM records of any other type, by its name or id; objects/leads are the leads of today
forms: the forms of the portal
submissions: the submissions of forms
contacts-as-leads: contacts with their submissions, in the shape of a lead of 2011
leads: the leads of the API of 2011, which HubSpot has switched off`

/** Copies of the library's names, which would be loaded for every --help; the compiler checks that none is missing. */
const timePivots = Object.keys({
  insertedAt: true,
  firstConvertedAt: true,
  lastConvertedAt: true,
  lastModifiedAt: true,
  closedAt: true,
} satisfies Record<TimePivot, true>)
const apiVersions = Object.keys({
  '2026-09': true,
  '2026-03': true,
  v3: true,
} satisfies Record<ApiVersion, true>)

/** `leadpipe export`: its arguments and its help. */
export function exportCommand(host: Host, setExitCode: (code: number) => void): Command {
  const command = new Command('export')
    .description(
      'Export the contacts of a portal, other CRM records, form submissions, or the leads of the API of 2011, all or selected ones, to a file, an HTTP receiver, or standard output.',
    )
    .argument(
      '<destination>',
      'a file (.ndjson, .jsonl or .json, and .gz to compress; {date} and {time} stand for those of the export, in UTC), an http(s) URL to post to, or - for standard output',
      destinationOf,
    )
    .optionsGroup('What:')
    .option('--from <source>', sources, sourceNamed)
    .option('--limit <n>', 'the most records in all', number)
    .optionsGroup('Portal:')
    .option('--origin <url>', 'scheme, host and port of the API (default: https://api.hubapi.com)')
    .option('--access-token <token>', 'access token of the portal (env: LEADPIPE_ACCESS_TOKEN)')
    .addOption(
      choice(
        '--api-version <version>',
        'version of the CRM APIs, for CRM records and contacts-as-leads (default: 2026-09)',
        apiVersions,
      ),
    )
  addTodaysOptions(command)
  addLeadsOptions(command)
  addStageOptions(command)
  addRunOptions(command)
  return addMessageOptions(command)
    .addHelpText('after', examples)
    .action(async (destination: string, flags: ExportFlags) => {
      const { exportRecords } = await import('./transfer.ts')
      const accessToken = host.env.LEADPIPE_ACCESS_TOKEN
      setExitCode(await exportRecords({ destination, flags: { accessToken, ...flags }, host }))
    })
}

/** Options of the sources that read HubSpot's APIs of today, and of those that several sources have. */
function addTodaysOptions(command: Command): void {
  command
    .optionsGroup('CRM records (contacts, companies, deals, tickets, objects/TYPE):')
    .option(
      '--properties <list>',
      'names of the properties, or all (default: the few that HubSpot chooses)',
      list => (list === 'all' ? list : names(list)),
    )
    .option('--associations <list>', 'types of the records whose associations are read too', names)
    .option('--types', 'convert values to numbers and booleans, by the types of the properties')
    .option(
      '--modified-after <time>',
      'only records modified after this: ISO 8601, in UTC unless it has an offset, or milliseconds; found by search, which sees no archived records',
      time,
    )
    .option('--modified-before <time>', 'only records modified at or before this', time)
    .optionsGroup('Several sources:')
    .addOption(
      choice(
        '--archived <which>',
        'archived records only, or both (default: none; of forms, both). For CRM records, forms and contacts-as-leads',
        ['only', 'both'],
      ),
    )
    .option(
      '--start-time <time>',
      'only leads whose time pivot is after this, or submissions from this time on',
      time,
    )
    .option(
      '--stop-time <time>',
      'only leads whose time pivot is not after this, or submissions before it',
      time,
    )
    .addOption(
      choice(
        '--paging <how>',
        'CRM records: by id, or by the cursor of the server (default: id). Leads: by time (seek), which changes meanwhile do not disturb, or by offset, which may then miss leads (default: seek; offset with --sort, --dir, --offset or --max 1; with --guid, by guid)',
        ['id', 'cursor', 'seek', 'offset'],
      ),
    )
    .option(
      '--lag <ms>',
      "milliseconds before the portal's time at which reading by time ends: what is later is left for the next export (default: 60000 for leads, 300000 for submissions, 3600000 with --modified-after)",
      number,
    )
    .optionsGroup('Submissions:')
    .option('--form <guid>', 'only those of this form; may be repeated', append)
    .optionsGroup('Contacts as leads:')
    .option('--unmatched <file>', 'the file for submissions that match no contact (NDJSON)', text)
}

/** The parameters of the API of 2011. */
function addLeadsOptions(command: Command): void {
  command
    .optionsGroup('Leads (parameters of the API of 2011):')
    .option('--search <text>', 'part of a first name, last name, email address or company name', text)
    .addOption(choice('--time-pivot <field>', 'what the times apply to (default: insertedAt)', timePivots))
    .option('--include-deleted', 'also deleted leads (default: they are omitted)')
    .option('--exclude-conversion-events', 'omit conversion events, which is faster')
    .option('--opt-out', 'only leads that have unsubscribed from lead nurturing')
    .option('--eligible-for-email', 'only leads eligible for email marketing')
    .option('--bounced', 'only leads whose email bounced')
    .option('--is-not-imported', 'only web leads, not imported ones')
    .option('--guid <guid>', 'only this lead; may be repeated', append)
    .option('--sort <attribute>', 'lead attribute to sort by, for example lastName')
    .addOption(choice('--dir <direction>', 'direction of the sort', ['asc', 'desc']))
    .option('--max <n>', 'leads a page, 1 to 100 (default: 100)', number)
    .option('--offset <n>', 'leads to skip at the beginning (default: 0)', number)
}

function addRunOptions(command: Command): void {
  command
    .optionsGroup('How:')
    .option('--checkpoint <file>', 'save the progress in this file; the same command resumes there')
    .addOption(
      choice(
        '--when-finished <what>',
        'if the run of the checkpoint has finished: do nothing, start again, or read what is new since then (next: of leads, submissions, and records with --modified-after) (default: it is refused)',
        ['stop', 'restart', 'next'],
      ),
    )
    .option(
      '--reconcile',
      'count afterwards how many leads or records match on the portal; exit code 3 if fewer were read',
    )
    .option('--concurrency <n>', 'the most requests at the same time, 1 to 100 (default: 4)', number)
    .option(
      '--rate <n/seconds>',
      'the most requests in any interval of so many seconds (default: 100/10)',
      rate,
    )
}

const choice = (flags: string, description: string, choices: readonly string[]) =>
  new Option(flags, description).choices([...choices])

const examples = `
Examples, with the token of a private app in LEADPIPE_ACCESS_TOKEN:
  leadpipe export contacts.ndjson --from contacts \\
    --properties email,firstname,lastname
  leadpipe export deals.ndjson.gz --from deals --properties all --types \\
    --associations contacts,companies
  leadpipe export - --from contacts --select id,email=properties.email | head
  leadpipe export leads-of-today.ndjson --from objects/leads
  leadpipe export submissions.ndjson --from submissions --start-time 2026-11-01
  leadpipe export https://receiver.example/contacts --from contacts
  leadpipe export all.ndjson.gz --from contacts --checkpoint all.checkpoint.json

Every night, the contacts that have changed since the night before:
  leadpipe export 'changed-{date}.ndjson' --from contacts \\
    --modified-after 2026-11-01 \\
    --checkpoint changed.checkpoint.json --when-finished next

Conversions, one record for each submission of a contact:
  leadpipe export conversions.ndjson --from contacts-as-leads \\
    --explode events --select guid,email,form=conversionEvent.formName \\
    --unmatched unmatched.ndjson

From a server that still speaks the API of 2011:
  leadpipe export leads.ndjson.gz
  leadpipe export 'changed-{date}.ndjson.gz' --time-pivot lastModifiedAt \\
    --include-deleted \\
    --checkpoint changed.checkpoint.json --when-finished next`
