import { Command } from 'commander'
import { number } from './flags.ts'
import type { Host } from './Host.ts'
import type { PortalFlags } from './servePortal.ts'

/** `leadpipe portal`: its arguments and its help. */
export function portalCommand(host: Host, setExitCode: (code: number) => void): Command {
  return new Command('portal')
    .description('Serve the Leads API over made-up leads, to try leadpipe without an account.')
    .option('--port <n>', 'port to listen on (default: any that is free)', number)
    .option('--leads <n>', 'how many leads to make (default: 1000)', number)
    .option('--seed <n>', 'the same seed gives the same leads (default: 1)', number)
    .option('--db <file>', 'keep the leads in this SQLite file (default: in memory)')
    .option(
      '--access-token <token>',
      "the token that requests must carry (default: the documentation's demo token)",
    )
    .option('--faults <rules>', 'what goes wrong, and when, as WHEN:WHAT; …')
    .option('--json', 'print {"origin","accessToken","leads"} on one line when it is ready')
    .addHelpText(
      'after',
      `
It listens on 127.0.0.1 only, and stops on Ctrl-C.

Examples:
  leadpipe portal --port 8080 --leads 5000
  leadpipe portal --leads 1000000 --db million.db
  leadpipe portal --faults 'every=5:status=503; page=3 x1:cut=0.5; 2%:reset'

Faults: #N, every=N, page=N, N% or * say when, xN how often at most; status=N, reset, cut=SHARE, stall,
drip=N, delay=MS, garbage=html, element=TEXT, insert=N, delete=N, touch=N, reorder and others say what.
All of them are in lib/portal/README.md.`,
    )
    .action(async (flags: PortalFlags) => {
      const { servePortal } = await import('./servePortal.ts')
      setExitCode(await servePortal(flags, host))
    })
}
