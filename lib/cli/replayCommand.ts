import { Command } from 'commander'
import { addMessageOptions, addStageOptions, destinationOf, type StageFlags } from './flags.ts'
import type { Host } from './Host.ts'

/** `leadpipe replay`: its arguments and its help. */
export function replayCommand(host: Host, setExitCode: (code: number) => void): Command {
  const command = new Command('replay')
    .description(
      'Process the leads of a quarantine again, after a fix: those of an export of leads or contacts-as-leads.',
    )
    .argument('<quarantine>', 'the file that an export with --on-invalid quarantine wrote')
    .argument(
      '<destination>',
      'a file, an http(s) URL to post to, or - for standard output, as for export',
      destinationOf,
    )
  return addMessageOptions(addStageOptions(command).optionsGroup('How:'))
    .addHelpText(
      'after',
      `
Example:
  leadpipe export leads.ndjson --on-invalid quarantine --quarantine rejected.ndjson
  leadpipe replay rejected.ndjson repaired.ndjson --on-invalid quarantine --quarantine still-rejected.ndjson`,
    )
    .action(async (quarantine: string, destination: string, flags: StageFlags) => {
      const { replayLeads } = await import('./transfer.ts')
      setExitCode(await replayLeads(quarantine, { destination, flags, host }))
    })
}
