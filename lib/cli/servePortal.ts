import { once } from 'node:events'
import { optionProblem } from '../errors.ts'
import { createPortal, type Portal, PortalError, type PortalOptions } from '../portal/index.ts'
import { flagOf } from './flags.ts'
import { exitCodeOf, exitCodes, type Host, interruptible } from './Host.ts'
import { count, plural } from './inWords.ts'

/** The flags of `leadpipe portal`. */
export interface PortalFlags
  extends Pick<PortalOptions, 'port' | 'seed' | 'db' | 'accessToken' | 'faults' | 'objects' | 'searchLag'> {
  leads?: number
  json?: true
}

/** Serves until it is interrupted; resolves to the exit code. */
export async function servePortal({ json, ...options }: PortalFlags, host: Host): Promise<number> {
  try {
    await interruptible(host, async signal => {
      await using portal = await createPortal(options)
      const { origin, accessToken, leads } = portal
      host.stdout.write(
        json
          ? `${JSON.stringify({ origin, accessToken, leads })}\n`
          : inWords(portal, Object.entries(options.objects ?? {})),
      )
      if (!signal.aborted) await once(signal, 'abort')
    })
    return exitCodes.done
  } catch (error) {
    host.stderr.write(`leadpipe: ${messageOf(error as Error)}\n`)
    return exitCodeOf(error)
  }
}

/** What the portal serves, and how to export it from both of its faces. */
function inWords(
  { origin, accessToken, leads, deleted }: Portal,
  others: [type: string, records: unknown][],
): string {
  const access = `--origin ${origin} --access-token ${accessToken}`
  const named = others.map(([type, records]) => {
    const source = /^(companies|deals|tickets)$/.test(type) ? type : `objects/${type}`
    return { source, text: `${count(records as number)} ${source}` }
  })
  const all = [`${plural(leads, 'lead')} (${count(deleted)} deleted)`, ...named.map(({ text }) => text)]
  const sources = ['submissions', 'forms', 'contacts-as-leads', ...named.map(({ source }) => source)]
  return `${all.join(', ')} at ${origin}
export them as contacts, as today: leadpipe export contacts.ndjson --from contacts ${access}
or as leads, as in 2011: leadpipe export leads.ndjson ${access}
other sources: ${sources.map(source => `--from ${source}`).join(', ')}
stop with Ctrl-C
`
}

/** An error's message, with a wrong option named by its flag. */
function messageOf(error: Error): string {
  return error instanceof PortalError && error.context !== undefined
    ? optionProblem(error.context, flagOf)
    : error.message
}
