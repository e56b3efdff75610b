import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { LeadpipeError, Report } from '../index.ts'
import { exitCodeOf, exitCodes, Interruption } from './exitCodes.ts'
import { interruptible } from './interruptible.ts'
import { span } from './inWords.ts'
import { progressLine } from './progressLine.ts'
import { reportText } from './reportText.ts'
import type { StageFlags, Watch } from './stageOptions.ts'
import { unknownFields } from './unknownFields.ts'

/** Does the work and tells how it goes and how it went; resolves to the exit code. */
export async function tell(
  destination: string,
  flags: StageFlags,
  work: (watch: Watch) => Promise<Report>,
): Promise<number> {
  // Where records go to standard output, what is said about them goes to standard error.
  const out = destination === '-' ? process.stderr : process.stdout
  const progress = progressLine(flags.quiet ? undefined : process.stderr)
  const onRetry = (message: unknown) => {
    const { delay, reason } = message as { delay: number; reason: string }
    progress.note(`${reason}; next attempt in ${span(delay)}`)
  }
  subscribe('leadpipe:retry', onRetry)
  try {
    for (const field of unknownFields(flags.select, flags.explode)) {
      progress.note(`--select: "${field}" is no documented field; records have it where the portal sends it`)
    }
    const report = await interruptible(signal =>
      work({ signal, onProgress: progress.show, progressInterval: 250 }),
    )
    progress.clear()
    out.write(flags.json ? `${JSON.stringify(report)}\n` : flags.quiet ? '' : reportText(report, destination))
    return exitCodes.done
  } catch (error) {
    progress.clear()
    process.stderr.write(`leadpipe: ${sentence(error, flags)}\n`)
    if (flags.json) out.write(`${JSON.stringify(failureReport(error))}\n`)
    return exitCodeOf(error)
  } finally {
    unsubscribe('leadpipe:retry', onRetry)
  }
}

/** A failure in one sentence. */
function sentence(error: unknown, { checkpoint }: StageFlags): string {
  const { cause, message } = error as Error & { cause?: { code?: string } }
  if (error instanceof Interruption && checkpoint !== undefined) {
    return `${message}; the same command goes on from the checkpoint ${checkpoint}`
  }
  if (cause?.code === 'EPIPE') return 'the reader of standard output went away'
  return message
}

/** The numbers up to the failure, where there are any, and the failure. */
function failureReport(error: unknown): object {
  const { code, message, report } = error as Partial<LeadpipeError>
  return { ...(report as object | undefined), error: { code, message } }
}
