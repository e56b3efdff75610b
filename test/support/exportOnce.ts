// A process that exports a portal into a fast or a slow sink, and tells its peak memory.
import { Writable } from 'node:stream'
import { LeadsClient, leads, run, validate } from '../../lib/index.ts'

const [origin = '', speed] = process.argv.slice(2)
const accessToken = 'demooooo-oooo-oooo-oooo-oooooooooooo'
await using client = new LeadsClient({ accessToken, origin, rateLimit: 'none' })
const sink = new Writable({
  objectMode: true,
  highWaterMark: 1,
  write(_lead, _encoding, callback) {
    if (speed === 'slow') setImmediate(() => setImmediate(callback))
    else callback()
  },
})
const { records } = await run(leads(client), validate(), sink)
console.log(JSON.stringify({ records, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1_000) }))
