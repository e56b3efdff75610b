import {
  compose,
  encode,
  explodeEvents,
  explodeFormValues,
  HubSpotClient,
  type Lead,
  type Operator,
  project,
  quarantined,
  type Report,
  type RunOptions,
  run,
  type Source,
  toFile,
  toHttp,
  validate,
} from '../index.ts'
import { optionError } from '../options/checkOptions.ts'
import { checkFlags } from './checkFlags.ts'
import { checkSelect } from './checkSelect.ts'
import { type SourceKind, sourceNamed } from './exportSource.ts'
import type { Invocation, StageFlags } from './flags.ts'
import { type ExportFlags, openSource } from './openSource.ts'
import { runAndReport } from './runAndReport.ts'

/** Exports and reports the result; resolves to the exit code. */
export function exportRecords(invocation: Invocation<ExportFlags>): Promise<number> {
  const { destination, flags } = invocation
  const from = flags.from ?? sourceNamed('leads')
  return runAndReport({ ...invocation, noun: from.noun }, async (watch, note) => {
    const { origin, accessToken, apiVersion, concurrency, rate, checkpoint, whenFinished, reconcile } = flags
    checkFlags(flags, from)
    checkSelect(from.kind, flags)
    // A variable that is empty counts as none.
    if (accessToken === undefined || accessToken === '') {
      throw optionError({
        owner: 'HubSpotClient',
        option: 'accessToken',
        expected: 'the access token of the portal',
        received: 'none',
        remedy: 'give it, or set LEADPIPE_ACCESS_TOKEN',
      })
    }
    if (whenFinished !== undefined && checkpoint === undefined) {
      const other = { option: 'checkpoint.whenFinished', value: whenFinished }
      const expected = 'the path of a file'
      throw optionError({ owner: 'run()', option: 'checkpoint', expected, with: other, received: 'none' })
    }
    if (checkpoint !== undefined && destination === '-') {
      const other = { option: 'checkpoint' }
      const expected = 'a file or an http(s) URL, which can be resumed,'
      throw optionError({ owner: 'run()', option: 'sink', expected, with: other, received: '-' })
    }
    await using client = new HubSpotClient({ accessToken, origin, apiVersion, concurrency, rateLimit: rate })
    const source = openSource(client, from, flags, note)
    const kept = checkpoint === undefined ? undefined : { path: checkpoint, whenFinished }
    return await transfer(source, from.kind, invocation, { ...watch, checkpoint: kept, reconcile })
  })
}

/** Replays a quarantine and reports the result; resolves to the exit code. */
export function replayLeads(quarantine: string, invocation: Invocation): Promise<number> {
  const { longNumbers } = invocation.flags
  return runAndReport({ ...invocation, noun: ['lead'] }, async watch => {
    checkSelect('leads', invocation.flags)
    return transfer(quarantined(quarantine, { longNumbers }), 'leads', invocation, watch)
  })
}

/** Runs records through the stages that the flags describe, to the destination. */
function transfer(
  source: Source<unknown>,
  kind: SourceKind,
  { destination, flags, host }: Invocation,
  options: RunOptions,
): Promise<Report> {
  const { onInvalid, quarantine, maxInvalid, nullFields, explode, select, format } = flags
  if (onInvalid === 'quarantine' && quarantine === undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const expected = 'the path of a file'
    throw optionError({ owner: 'validate()', option: 'quarantine', expected, with: other, received: 'none' })
  }
  const policy = { onInvalid, quarantine, maxInvalid }
  const isLead = kind === 'leads' || kind === 'contacts-as-leads'
  // No other record has a schema: only elements that are not records are invalid, and values that --types can't convert.
  const checked = validate<Lead>(
    isLead ? { ...policy, nullFields } : { ...policy, schema: { type: 'object' } },
  )
  const operators = shaped(checked, explode, select)
  if (destination === '-') return run(source, operators, encode(format), host.stdout, options)
  const sink = /^https?:\/\//i.test(destination)
    ? toHttp(withoutCredentials(destination), { format })
    : toFile(destination, { format })
  return run(source, operators, sink, options)
}

/** Refuses credentials in a URL, and suggests alternatives: the command line can't set headers. */
function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url
  const { username, password, origin, pathname } = new URL(url)
  if (username === '' && password === '') return url
  throw optionError({
    owner: 'toHttp()',
    option: 'url',
    expected: 'a URL without credentials',
    received: `${origin}${pathname} with them`,
    remedy:
      'export to - and pipe the records to a program that sends the credentials in headers, or use toHttp() in code',
  })
}

/** Leads, followed by the operators for --explode and --select. */
function shaped(
  leads: Operator<unknown, Lead>,
  explode: StageFlags['explode'],
  select: StageFlags['select'],
): Operator<unknown, unknown> {
  const exploded: Operator<unknown, unknown> =
    explode === 'values'
      ? compose(leads, explodeEvents<Lead>(), explodeFormValues())
      : explode === 'events'
        ? compose(leads, explodeEvents<Lead>())
        : leads
  return select === undefined ? exploded : compose(exploded, project<unknown, typeof select>(select))
}
