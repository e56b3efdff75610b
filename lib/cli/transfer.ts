import {
  compose,
  encode,
  explodeEvents,
  explodeFormValues,
  HubSpotClient,
  type Lead,
  type LeadSource,
  type LeadsQuery,
  leads,
  type Operator,
  project,
  quarantined,
  type RateLimit,
  type Report,
  type RunOptions,
  run,
  type Source,
  toFile,
  toHttp,
  validate,
} from '../index.ts'
import { optionError } from '../options/checkOptions.ts'
import { checkSelect } from './checkSelect.ts'
import type { Invocation, StageFlags } from './flags.ts'
import { runAndReport } from './runAndReport.ts'

/** The flags of `leadpipe export`; parameters of the query have the API's own names. */
export interface ExportFlags extends StageFlags, Omit<LeadsQuery, 'guids'> {
  guid?: string[]
  origin?: string
  accessToken?: string
  paging?: 'seek' | 'offset'
  lag?: number
  whenFinished?: 'stop' | 'restart' | 'next'
  reconcile?: true
  concurrency?: number
  rate?: RateLimit
}

/** Exports and reports the result; resolves to the exit code. */
export function exportLeads(invocation: Invocation<ExportFlags>): Promise<number> {
  return runAndReport(invocation, async (watch, note) => {
    const { origin, accessToken, concurrency, rate, limit, paging, lag, longNumbers, guid, ...others } =
      invocation.flags
    const { checkpoint, whenFinished, reconcile, ...rest } = others
    const {
      onInvalid,
      quarantine,
      maxInvalid,
      nullFields,
      explode,
      select,
      allowUndocumented,
      format,
      quiet,
      json,
      ...query
    } = rest
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
    if (checkpoint !== undefined && invocation.destination === '-') {
      const other = { option: 'checkpoint' }
      const expected = 'a file or an http(s) URL, which can be resumed,'
      throw optionError({ owner: 'run()', option: 'sink', expected, with: other, received: '-' })
    }
    await using client = new HubSpotClient({ accessToken, origin, concurrency, rateLimit: rate })
    const source = leads(client, { ...query, guids: guid, limit, paging, lag, longNumbers })
    if (lag !== undefined && source.position.paging !== 'seek') {
      const expected = 'none for a list that is not read by time'
      throw optionError({ owner: 'leads()', option: 'lag', expected, received: String(lag) })
    }
    const byOffset = paging === undefined ? offsetNote(source, query) : undefined
    if (byOffset !== undefined) note(byOffset)
    const kept = checkpoint === undefined ? undefined : { path: checkpoint, whenFinished }
    return await transfer(source, invocation, { ...watch, checkpoint: kept, reconcile })
  })
}

/** Replays a quarantine and reports the result; resolves to the exit code. */
export function replayLeads(quarantine: string, invocation: Invocation): Promise<number> {
  const { longNumbers } = invocation.flags
  return runAndReport(invocation, async watch =>
    transfer(quarantined(quarantine, { longNumbers }), invocation, watch),
  )
}

/** The note for a list that is read by offset only because of the order in the query. */
function offsetNote({ position }: LeadSource, { sort, dir, offset, max }: LeadsQuery): string | undefined {
  if (position.paging !== 'offset') return undefined
  const reasons = Object.entries({ sort, dir, offset, max: max === 1 ? max : undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (name === 'max' ? `--max ${value}` : `--${name}`))
  return `read by offset because of ${reasons.join(' and ')}: leads may be missed or delivered twice if others are inserted or deleted meanwhile (give --paging offset to confirm)`
}

/** Runs leads through the stages that the flags describe, to the destination. */
function transfer(
  source: Source<Lead>,
  { destination, flags, host }: Invocation,
  options: RunOptions,
): Promise<Report> {
  checkSelect(flags)
  const { onInvalid, quarantine, maxInvalid, nullFields, explode, select, format } = flags
  if (onInvalid === 'quarantine' && quarantine === undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const expected = 'the path of a file'
    throw optionError({ owner: 'validate()', option: 'quarantine', expected, with: other, received: 'none' })
  }
  const operators = shaped(validate<Lead>({ onInvalid, quarantine, maxInvalid, nullFields }), explode, select)
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
  leads: Operator<Lead, Lead>,
  explode: StageFlags['explode'],
  select: StageFlags['select'],
): Operator<Lead, unknown> {
  const exploded: Operator<Lead, unknown> =
    explode === 'values'
      ? compose(leads, explodeEvents<Lead>(), explodeFormValues())
      : explode === 'events'
        ? compose(leads, explodeEvents<Lead>())
        : leads
  return select === undefined ? exploded : compose(exploded, project<unknown, typeof select>(select))
}
