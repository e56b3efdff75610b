// A process that exports very many leads with a checkpoint, and prints how its memory grew.
import { HubSpotClient, type Lead, leads, peek, project, run, toFile } from 'leadpipe'

const [origin = '', path = '', count = ''] = process.argv.slice(2)
const shares = [0.1, 0.5, 1]
const memory: { share: number; peakMegabytes: number; liveMegabytes: number }[] = []
let seen = 0
const inMegabytes = (bytes: number) => Math.round(bytes / 1_000_000)
const watched = peek<Lead>(() => {
  seen += 1
  const share = seen / Number(count)
  if (share < (shares[memory.length] ?? Number.POSITIVE_INFINITY)) return
  const peak = process.resourceUsage().maxRSS * 1_024
  // Available since this process is started with --expose-gc.
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  memory.push({ share, peakMegabytes: inMegabytes(peak), liveMegabytes: inMegabytes(heapUsed + external) })
})

await using client = new HubSpotClient({ accessToken: 'a-token', origin, rateLimit: 'none' })
const report = await run(
  leads(client),
  watched,
  project({ guid: 'guid', insertedAt: 'insertedAt' }),
  toFile(path),
  { checkpoint: `${path}.checkpoint` },
)
process.stdout.write(JSON.stringify({ report, memory }))
