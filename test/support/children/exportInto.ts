// A process that exports a portal into a fast or a slow sink, and prints its peak memory.
import { Writable } from 'node:stream'
import { HubSpotClient, leads, run, validate } from 'leadpipe'

const [origin = '', speed] = process.argv.slice(2)
await using client = new HubSpotClient({ accessToken: 'a-token', origin, rateLimit: 'none' })
const sink = new Writable({
  objectMode: true,
  highWaterMark: 1,
  write(_lead, _encoding, callback) {
    if (speed === 'slow') setImmediate(() => setImmediate(callback))
    else callback()
  },
})
const { records } = await run(leads(client), validate(), sink)
const peakMegabytes = (process.resourceUsage().maxRSS * 1_024) / 1_000_000
process.stdout.write(JSON.stringify({ records, peakMegabytes }))
