// A process that explodes one lead into a file. Its records have many megabytes; the lead is small, since they all have
// its one long text. Prints its peak memory.
import { explodeEvents, type Lead, run, toFile } from 'leadpipe'

const [path = '', megabytes] = process.argv.slice(2)
const recordsPerMegabyte = 20
const lead: Partial<Lead> = {
  guid: 'one',
  message: 'x'.repeat(1e6 / recordsPerMegabyte),
  leadConversionEvents: Array.from({ length: Number(megabytes) * recordsPerMegabyte }, (_, at) => ({
    convertDate: at,
    formName: `form ${at}`,
  })),
}
const { records, sink } = await run([lead], explodeEvents(), toFile(path))
const peakMegabytes = (process.resourceUsage().maxRSS * 1_024) / 1_000_000
process.stdout.write(JSON.stringify({ records, bytes: sink.bytes, peakMegabytes }))
