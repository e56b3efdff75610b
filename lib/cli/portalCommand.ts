import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { number } from './flags.ts'
import type { Host } from './Host.ts'
import type { PortalFlags } from './servePortal.ts'

/** The list of faults: a file of the package. */
const faultsList = fileURLToPath(
  new URL('lib/portal/README.md', import.meta.resolve('leadpipe/package.json')),
)

/** A comma-separated list of TYPE=N. */
function counts(text: string): Record<string, number> {
  const parts = text.split(',').map((part): [string, number] => {
    const [, type = '', n] = /^\s*([\w.-]+)=(\d+)\s*$/.exec(part) ?? []
    if (n === undefined) throw new InvalidArgumentError('Expected a list such as companies=500,deals=2000.')
    return [type, number(n)]
  })
  return Object.fromEntries(parts)
}

/** `leadpipe portal`: its arguments and its help. */
export function portalCommand(host: Host, setExitCode: (code: number) => void): Command {
  return new Command('portal')
    .description(
      'Serve made-up leads, to try leadpipe without an account: as contacts and form submissions in the APIs of today, and in the Leads API of 2011.',
    )
    .option('--port <n>', 'port to listen on (default: any free port)', number)
    .option('--leads <n>', 'number of leads to generate (default: 1000)', number)
    .option(
      '--objects <list>',
      'numbers of other CRM records to generate, as TYPE=N, for example companies=500,leads=50',
      counts,
    )
    .option('--seed <n>', 'the same seed gives the same leads (default: 1)', number)
    .option('--db <file>', 'keep the leads in this SQLite file (default: in memory)')
    .option(
      '--access-token <token>',
      "the token that requests must carry (default: the documentation's demo token)",
    )
    .option(
      '--search-lag <ms>',
      'milliseconds after which a modification is found by search (default: 0)',
      number,
    )
    .option('--faults <rules>', 'what fails, and when: rules such as WHEN:WHAT; WHEN:WHAT')
    .option('--json', 'print {"origin","accessToken","leads"} on one line when it is ready')
    .addHelpText(
      'after',
      `
It listens on 127.0.0.1 only, and stops on Ctrl-C.

Examples:
  leadpipe portal --port 8080 --leads 5000
  leadpipe portal --objects companies=500,deals=2000,leads=50
  leadpipe portal --leads 1000000 --db million.db
  leadpipe portal --faults 'every=5:status=503; page=3 x1:cut=0.5; 2%:reset'

Faults:
  WHEN is #N, every=N, page=N, N% or *; xN limits how often the rule is applied.
  WHAT is status=N, reset, cut=SHARE, stall, drip=N, delay=MS, garbage=html, element=TEXT, insert=N, delete=N,
  touch=N, reorder and others. All of them are in ${faultsList}.`,
    )
    .action(async (flags: PortalFlags) => {
      const { servePortal } = await import('./servePortal.ts')
      setExitCode(await servePortal(flags, host))
    })
}
