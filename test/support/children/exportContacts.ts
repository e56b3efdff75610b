// A process that exports contacts by batch read, and prints its peak memory.
import { contacts, HubSpotClient, run, toFile } from 'leadpipe'

const [origin = '', properties = ''] = process.argv.slice(2)
await using client = new HubSpotClient({ accessToken: 'a-token', origin, rateLimit: 'none' })
const { records, sink } = await run(
  contacts(client, { properties: properties.split(',') }),
  toFile('/dev/null', { format: 'ndjson' }),
)
const peakMegabytes = (process.resourceUsage().maxRSS * 1_024) / 1_000_000
process.stdout.write(JSON.stringify({ records, bytes: sink.bytes, peakMegabytes }))
