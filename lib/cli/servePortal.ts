import { once } from 'node:events'
import { createPortal, type PortalOptions } from '../portal/index.ts'
import { exitCodeOf, exitCodes } from './exitCodes.ts'
import { interruptible } from './interruptible.ts'
import { count, plural } from './inWords.ts'
import { optionMessage } from './optionMessage.ts'

/** What `leadpipe portal` was given. */
export interface PortalFlags extends Pick<PortalOptions, 'port' | 'seed' | 'db' | 'accessToken' | 'faults'> {
  leads?: number
  json?: true
}

/** Serves until SIGINT or SIGTERM; resolves to the exit code. */
export async function servePortal({ json, ...options }: PortalFlags): Promise<number> {
  try {
    await interruptible(async signal => {
      await using portal = await createPortal(options)
      const { origin, accessToken, leads, deleted } = portal
      process.stdout.write(
        json
          ? `${JSON.stringify({ origin, accessToken, leads })}\n`
          : `${plural(leads, 'lead')} (${count(deleted)} deleted) at ${origin}\nexport them with: leadpipe export leads.ndjson --origin ${origin} --access-token ${accessToken}\nstop with Ctrl-C\n`,
      )
      if (!signal.aborted) await once(signal, 'abort')
    })
    return exitCodes.done
  } catch (error) {
    process.stderr.write(`leadpipe: ${optionMessage(error as Error, options)}\n`)
    return exitCodeOf(error)
  }
}
