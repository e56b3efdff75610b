// A process that exports a portal to a file, and prints its peak memory.
import { HubSpotClient, leads, run, toFile } from 'leadpipe'

const [origin = '', path = '', paging, checkpoint] = process.argv.slice(2)
await using client = new HubSpotClient({ accessToken: 'a-token', origin, rateLimit: 'none' })
const { records, sink } = await run(
  leads(client, { paging: paging as 'seek' | 'offset' }),
  toFile(path, { format: 'ndjson' }),
  checkpoint === undefined ? {} : { checkpoint },
)
const peakMegabytes = (process.resourceUsage().maxRSS * 1_024) / 1_000_000
process.stdout.write(JSON.stringify({ records, bytes: sink.bytes, peakMegabytes }))
