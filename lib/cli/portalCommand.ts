import { Command } from 'commander'
import { type PortalFlags, servePortal } from './servePortal.ts'
import { number } from './values.ts'

/** `leadpipe portal`: its arguments and its help. */
export function portalCommand(setExitCode: (code: number) => void): Command {
  return new Command('portal')
    .description('Serve the Leads API over made-up leads, to try leadpipe without an account.')
    .option('--port <n>', 'port to listen on (default: any that is free)', number)
    .option('--leads <n>', 'how many leads to make (default: 1000)', number)
    .option('--seed <n>', 'the same seed gives the same leads (default: 1)', number)
    .option('--db <file>', 'keep the leads in this SQLite file (default: in memory)')
    .option('--access-token <token>', "the token it asks for (default: the documentation's demo token)")
    .option('--json', 'print {"origin","accessToken","leads"} on one line once it answers')
    .addHelpText(
      'after',
      `
It listens on 127.0.0.1 only, and stops on Ctrl-C.

Examples:
  leadpipe portal --port 8080 --leads 5000
  leadpipe portal --leads 1000000 --db million.db`,
    )
    .action(async (flags: PortalFlags) => {
      setExitCode(await servePortal(flags))
    })
}
