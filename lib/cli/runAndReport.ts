import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { messageNaming } from '../errors.ts'
import { LeadpipeError, type Report, RunError } from '../index.ts'
import { flagOf, type Invocation, type StageFlags, type Watch } from './flags.ts'
import { exitCodeOf, exitCodes, Interruption, interruptible, type Output } from './Host.ts'
import { plural, reportText, size, span } from './inWords.ts'
import { selectNotes } from './selectNotes.ts'

/**
 * Does the work, reports progress and the result; resolves to the exit code.
 *
 * @param work receives the options for watching the run, and a function that prints notes
 */
export async function runAndReport(
  { destination, flags, host }: Invocation,
  work: (watch: Watch, note: (text: string) => void) => Promise<Report>,
): Promise<number> {
  // If records go to standard output, messages go to standard error.
  const out = destination === '-' ? host.stderr : host.stdout
  const progress = progressLine(flags.quiet ? undefined : host.stderr)
  const onRetry = (message: unknown) => {
    const { delay, reason } = message as { delay: number; reason: string }
    progress.note(`${reason}; next attempt in ${span(delay)}`)
  }
  subscribe('leadpipe:retry', onRetry)
  try {
    for (const note of selectNotes(flags.select, flags.explode)) progress.note(note)
    const report = await interruptible(host, signal =>
      work({ signal, onProgress: progress.show, progressInterval: 250 }, progress.note),
    )
    progress.clear()
    await print(
      out,
      flags.json ? `${JSON.stringify(report)}\n` : flags.quiet ? '' : reportText(report, destination),
    )
    return exitCodes.done
  } catch (error) {
    progress.clear()
    const isReaderGone = destination === '-' && isBrokenPipe(error)
    if (!isReaderGone) host.stderr.write(`leadpipe: ${sentence(error, flags)}\n`)
    if (flags.json) out.write(`${JSON.stringify(failureReport(error))}\n`)
    return isReaderGone ? exitCodes.readerGone : exitCodeOf(error)
  } finally {
    unsubscribe('leadpipe:retry', onRetry)
  }
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

/** Whether standard output as the sink was closed by its reader, as in `leadpipe export - | head`. */
function isBrokenPipe(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  return code === 'SINK' && cause?.code === 'EPIPE'
}

/** A failure in one sentence. */
function sentence(error: unknown, flags: StageFlags): string {
  const message = error instanceof LeadpipeError ? messageNaming(error, flagOf) : (error as Error).message
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

/** One line on a terminal that is overwritten again and again, and notes that stay. */
interface ProgressLine {
  show(report: Report): void
  note(text: string): void
  clear(): void
}

/** Writes to a stream, if there is one. Only a terminal gets the changing line. */
function progressLine(stream: Output | undefined): ProgressLine {
  const terminal = stream?.isTTY ? stream : undefined
  const clear = () => terminal?.write('\r\x1b[2K')
  return {
    show({ leads, source, duration }) {
      clear()
      const { pages = 0, bytes = 0 } = source ?? {}
      const read = source === undefined ? '' : `, ${plural(pages, 'page')}, ${size(bytes)}`
      terminal?.write(`${plural(leads, 'lead')}${read}, ${span(duration)}`)
    },
    note(text) {
      clear()
      stream?.write(`leadpipe: ${text}\n`)
    },
    clear,
  }
}
