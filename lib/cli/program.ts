import { readFileSync } from 'node:fs'
import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { exportCommand } from './exportCommand.ts'
import { append } from './flags.ts'
import { exitCodes, type Host } from './Host.ts'
import { portalCommand } from './portalCommand.ts'
import { replayCommand } from './replayCommand.ts'

const { version } = JSON.parse(
  readFileSync(new URL(import.meta.resolve('leadpipe/package.json')), 'utf8'),
) as {
  version: string
}

/**
 * Runs the command line and resolves to the exit code.
 *
 * @param args the arguments after `leadpipe`
 * @param host `process`, or a replacement for it
 */
export async function main(args: readonly string[], host: Host): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = new Command('leadpipe')
    .description(
      'Exports the contacts, CRM records, form submissions or leads of a HubSpot portal, page by page, checks, explodes and projects them, and writes them to a file, an HTTP receiver or standard output, in constant memory.',
    )
    .version(version)
    .addHelpText(
      'after',
      `
Try it without an account, in two terminals:
  leadpipe portal --port 8080 --leads 5000
  leadpipe export contacts.ndjson --from contacts \\
    --origin http://127.0.0.1:8080 \\
    --access-token demooooo-oooo-oooo-oooo-oooooooooooo

Exit codes:
  0    all done, and the numbers add up
  1    failed; standard error says why
  2    wrong usage
  3    all written, but fewer records were read than match on the portal (only with --reconcile)
  75   the daily limit is used up: try again later
  129  interrupted by SIGHUP
  130  interrupted by SIGINT
  141  the reader of standard output, such as head, wanted no more
  143  interrupted by SIGTERM`,
    )
  for (const command of [exportCommand, portalCommand, replayCommand]) {
    program.addCommand(
      command(host, code => {
        exitCode = code
      }),
    )
  }
  program.showHelpAfterError('(leadpipe --help, or leadpipe COMMAND --help, shows what there is)')
  for (const command of program.commands) {
    refuseRepeated(command)
    command.showHelpAfterError(
      `(usage: leadpipe ${command.name()} ${command.usage()}; leadpipe ${command.name()} --help shows more)`,
    )
  }
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput(outputTo(host))
  try {
    await program.parseAsync(withKnownHelp(args, program), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version were requested; every other error of commander is wrong usage.
    exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
  return exitCode
}

/** Commander takes the last value of an option that is given twice: what the first one said would be ignored silently. */
function refuseRepeated(command: Command): void {
  for (const option of command.options) {
    // A flag without a value may be repeated, and --guid has several values.
    if (!option.required || option.parseArg === append) continue
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${option.flags}' is given twice`)
      isGiven = true
    })
  }
}

/** Commander's help, version and errors on the streams of the host, as wide as its terminal. */
function outputTo({ stdout, stderr }: Host): OutputConfiguration {
  return {
    writeOut: text => stdout.write(text),
    writeErr: text => stderr.write(text),
    getOutHelpWidth: () => stdout.columns ?? 80,
    getErrHelpWidth: () => stderr.columns ?? 80,
  }
}

/** For `help` with an unknown command, commander shows the general help: report an unknown command instead. */
function withKnownHelp(args: readonly string[], { commands }: Command): readonly string[] {
  const [first, name] = args
  const isStranger = name !== undefined && !commands.some(command => command.name() === name)
  return first === 'help' && isStranger ? args.slice(1) : args
}
