import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, statSync } from 'node:fs'
import { messageNaming } from '../errors.ts'
import { LeadpipeError, type LimitMessage, type Report, type RetryMessage, RunError } from '../index.ts'
import { flagOf, type Invocation, type Watch } from './flags.ts'
import { exitCodeOf, exitCodes, type Host, Interruption, interruptible, type Output } from './Host.ts'
import { changesInWords, clockNote, missed, type Noun, reportText, span } from './inWords.ts'
import { Progress } from './Progress.ts'

/**
 * Does the work, reports progress and the result; resolves to the exit code.
 *
 * @param work receives the options for watching the run, and a function that prints notes
 */
export async function runAndReport(
  invocation: Invocation & { readonly noun: Noun },
  work: (watch: Watch, note: (text: string) => void) => Promise<Report>,
): Promise<number> {
  const { destination, flags, host, noun } = invocation
  // If records go to standard output, messages go to standard error.
  const out = destination === '-' ? host.stderr : host.stdout
  const hasLines = !(flags.json && out === host.stderr)
  const progress = new Progress(flags.quiet ? undefined : host.stderr, hasLines, noun)
  const onRetry = (message: unknown) => {
    const { delay, reason } = message as RetryMessage
    progress.note(`${reason}; next attempt in ${span(delay)}`)
    progress.waits(delay, 'the next attempt')
  }
  const onLimit = (message: unknown) => {
    const { limit, delay, origin } = message as LimitMessage
    progress.waits(delay, limit === 'server' ? `the rate limit of ${origin}` : 'the rate limit (--rate)')
  }
  subscribe('leadpipe:retry', onRetry)
  subscribe('leadpipe:limit', onLimit)
  for (const path of [destination, flags.quarantine]) {
    if (isPipe(path)) progress.note(`${path} is a named pipe: the run waits while no program reads it`)
  }
  try {
    const report = await interruptible(host, signal =>
      work({ signal, onProgress: report => progress.show(report), progressInterval: 250 }, text =>
        progress.note(text),
      ),
    )
    progress.clear()
    printChanges(host, report)
    const clock = clockNote(report)
    if (clock !== undefined) progress.note(clock)
    const text = flags.quiet ? '' : reportText(report, { destination, noun, flags })
    await print(out, flags.json ? `${JSON.stringify(report)}\n` : text)
    const problem = missed(report, noun)
    if (problem === undefined) return exitCodes.done
    host.stderr.write(`leadpipe: ${problem}\n`)
    return exitCodes.fewerThanMatch
  } catch (error) {
    progress.clear()
    if (error instanceof RunError) printChanges(host, error.report)
    const isReaderGone = destination === '-' && isBrokenPipe(error)
    if (!isReaderGone) host.stderr.write(`leadpipe: ${sentence(error, invocation)}\n`)
    if (flags.json) out.write(`${JSON.stringify(failureReport(error))}\n`)
    return isReaderGone ? exitCodes.readerGone : exitCodeOf(error)
  } finally {
    unsubscribe('leadpipe:retry', onRetry)
    unsubscribe('leadpipe:limit', onLimit)
  }
}

/** Prints which values were changed, also with --quiet: no value is changed in silence. */
function printChanges({ stderr }: Host, report: Report): void {
  for (const change of changesInWords(report)) stderr.write(`leadpipe: ${change}\n`)
}

/** Resolves when a report is written, or its reader has gone away. */
function print(out: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, error => {
      if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') return resolve()
      reject(new Error(`all records are written, but the report can't be printed: ${error.message}`))
    })
  })
}

/** Whether a path is that of a named pipe. A path that can't be looked at is refused elsewhere. */
function isPipe(path = ''): boolean {
  try {
    return statSync(path).isFIFO()
  } catch {
    return false
  }
}

/** Whether standard output as the sink was closed by its reader, as in `leadpipe export - | head`. */
function isBrokenPipe(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  return code === 'SINK' && cause?.code === 'EPIPE'
}

/** A failure in one sentence. */
function sentence(error: unknown, { destination, flags }: Invocation): string {
  const said = error instanceof LeadpipeError ? messageNaming(error, flagOf) : (error as Error).message
  // As a stream of Node, standard output has no name in the library's errors.
  const message =
    destination === '-' ? said.replace(/^the sink failed/, "can't write to standard output") : said
  const { checkpoint } = flags
  return checkpoint !== undefined && canResume(error) && existsSync(checkpoint)
    ? `${message}; the same command resumes from the checkpoint ${checkpoint}`
    : message
}

/** Whether running the same command again can have another result than the same failure. */
function canResume(error: unknown): boolean {
  if (error instanceof Interruption) return true
  return error instanceof LeadpipeError && error.code !== 'OPTION' && error.code !== 'CHECKPOINT'
}

/** The failure, and the numbers up to it, if there are any. */
function failureReport(error: unknown): object {
  const { code, message } = error as Partial<LeadpipeError>
  return { ...(error instanceof RunError ? error.report : {}), error: { code, message } }
}
