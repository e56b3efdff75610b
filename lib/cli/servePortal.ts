import { once } from 'node:events'
import { optionProblem } from '../errors.ts'
import { createPortal, PortalError, type PortalOptions } from '../portal/index.ts'
import { flagOf } from './flags.ts'
import { exitCodeOf, exitCodes, type Host, interruptible } from './Host.ts'
import { count, plural } from './inWords.ts'

/** The flags of `leadpipe portal`. */
export interface PortalFlags extends Pick<PortalOptions, 'port' | 'seed' | 'db' | 'accessToken' | 'faults'> {
  leads?: number
  json?: true
}

/** Serves until it is interrupted; resolves to the exit code. */
export async function servePortal({ json, ...options }: PortalFlags, host: Host): Promise<number> {
  try {
    await interruptible(host, async signal => {
      await using portal = await createPortal(options)
      const { origin, accessToken, leads, deleted } = portal
      host.stdout.write(
        json
          ? `${JSON.stringify({ origin, accessToken, leads })}\n`
          : `${plural(leads, 'lead')} (${count(deleted)} deleted) at ${origin}\nexport them with: leadpipe export leads.ndjson --origin ${origin} --access-token ${accessToken}\nstop with Ctrl-C\n`,
      )
      if (!signal.aborted) await once(signal, 'abort')
    })
    return exitCodes.done
  } catch (error) {
    host.stderr.write(`leadpipe: ${messageOf(error as Error)}\n`)
    return exitCodeOf(error)
  }
}

/** An error's message, with a wrong option named by its flag. */
function messageOf(error: Error): string {
  return error instanceof PortalError && error.context !== undefined
    ? optionProblem(error.context, flagOf)
    : error.message
}
