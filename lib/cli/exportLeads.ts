import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  compose,
  encode,
  explodeEvents,
  explodeFormValues,
  type Format,
  type Lead,
  LeadpipeError,
  LeadsClient,
  type LeadsQuery,
  leads,
  map,
  type Operator,
  project,
  type RateLimit,
  type Report,
  run,
  toFile,
  validate,
} from '../index.ts'
import { exitCodeOf, exitCodes } from './exitCodes.ts'
import { interruptible } from './interruptible.ts'
import { progressLine } from './progressLine.ts'
import { reportText } from './reportText.ts'
import { unknownFields } from './unknownFields.ts'

/** What `leadpipe export` was given; the query's parameters carry the API's own names. */
export interface ExportFlags extends Omit<LeadsQuery, 'guids'> {
  guid?: string[]
  origin?: string
  accessToken?: string
  limit?: number
  onInvalid: 'fail' | 'skip'
  explode?: 'events' | 'values'
  select?: Record<string, string>
  format?: Format
  concurrency?: number
  rate?: RateLimit
  quiet?: true
  json?: true
}

/** Exports and tells how it went; resolves to the exit code. */
export async function exportLeads(destination: string, flags: ExportFlags): Promise<number> {
  // Where records go to standard output, what is said about them goes to standard error.
  const out = destination === '-' ? process.stderr : process.stdout
  const progress = progressLine(flags.quiet ? undefined : process.stderr)
  const onRetry = (message: unknown) => {
    const { delay, reason } = message as { delay: number; reason: string }
    progress.note(`${reason}; next attempt in ${(delay / 1_000).toFixed(1)} s`)
  }
  subscribe('leadpipe:retry', onRetry)
  try {
    for (const field of unknownFields(flags.select, flags.explode)) {
      progress.note(`--select: "${field}" is no documented field; records have it where the portal sends it`)
    }
    const report = await interruptible(signal => transfer(destination, flags, signal, progress.show))
    progress.clear()
    out.write(flags.json ? `${JSON.stringify(report)}\n` : flags.quiet ? '' : reportText(report, destination))
    return exitCodes.done
  } catch (error) {
    progress.clear()
    process.stderr.write(`leadpipe: ${sentence(error)}\n`)
    if (flags.json) out.write(`${JSON.stringify(failureReport(error))}\n`)
    return exitCodeOf(error)
  } finally {
    unsubscribe('leadpipe:retry', onRetry)
  }
}

async function transfer(
  destination: string,
  flags: ExportFlags,
  signal: AbortSignal,
  onProgress: (report: Report) => void,
): Promise<Report> {
  const { origin, accessToken, concurrency, rate, limit, guid, onInvalid, explode, select, format, ...rest } =
    flags
  const { quiet, json, ...query } = rest
  if (accessToken === undefined) {
    throw new LeadpipeError(
      'OPTION',
      'expected an access token: give --access-token, or set LEADPIPE_ACCESS_TOKEN',
    )
  }
  if (/^https?:\/\//i.test(destination)) {
    throw new LeadpipeError('OPTION', `DESTINATION: expected a file or -, received the URL ${destination}`)
  }
  const operators = compose(validate({ onInvalid }), shape(explode, select))
  const options = { signal, onProgress, progressInterval: 250 }
  await using client = new LeadsClient({ accessToken, origin, concurrency, rateLimit: rate })
  const source = leads(client, { ...query, guids: guid }, { limit })
  return destination === '-'
    ? await run(source, operators, encode(format), process.stdout, options)
    : await run(source, operators, toFile(destination, { format }), options)
}

/** The operators that --explode and --select stand for. */
function shape(explode: ExportFlags['explode'], select: ExportFlags['select']): Operator<Lead, unknown> {
  const exploded: Operator<Lead, unknown> =
    explode === 'values'
      ? compose(explodeEvents<Lead>(), explodeFormValues())
      : explode === 'events'
        ? explodeEvents<Lead>()
        : map((lead: Lead) => lead)
  return select === undefined ? exploded : compose(exploded, project<unknown, typeof select>(select))
}

/** A failure in one sentence. */
function sentence(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string } }
  if (cause?.code === 'EPIPE') return 'the reader of standard output went away'
  return message
}

/** The numbers up to the failure, where there are any, and the failure. */
function failureReport(error: unknown): object {
  const { code, message, report } = error as Partial<LeadpipeError>
  return { ...(report as object | undefined), error: { code, message } }
}
