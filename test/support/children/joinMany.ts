// A process that exports very many contacts with their submissions, and prints how its memory grew.
import { contactsAsLeads, HubSpotClient, type Lead, map, peek, run, toFile } from 'leadpipe'

const [origin = '', path = '', count = '', checkpoint] = process.argv.slice(2)
const shares = [0.1, 0.5, 1]
const inMegabytes = (bytes: number) => Math.round(bytes / 1_000_000)
const memory: { share: number; peakMegabytes: number; liveMegabytes: number }[] = []
let seen = 0
/** When the first contact is read. */
let spooled: Omit<(typeof memory)[number], 'share'> | undefined
const watched = peek<Lead>(() => {
  seen += 1
  const isDue = seen / Number(count) >= (shares[memory.length] ?? Number.POSITIVE_INFINITY)
  if (!isDue && seen > 1) return
  const peakMegabytes = inMegabytes(process.resourceUsage().maxRSS * 1_024)
  // Available since this process is started with --expose-gc.
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const now = { peakMegabytes, liveMegabytes: inMegabytes(heapUsed + external) }
  if (isDue) memory.push({ share: seen / Number(count), ...now })
  else spooled = now
})

await using client = new HubSpotClient({ accessToken: 'a-token', origin, rateLimit: 'none' })
const report = await run(
  contactsAsLeads(client, { unmatched: `${path}.unmatched` }),
  watched,
  map(({ guid, leadConversionEvents = [] }: Lead) => ({
    guid,
    events: leadConversionEvents.map(event => event.guid),
  })),
  toFile(path),
  checkpoint === undefined ? {} : { checkpoint },
)
const { user, system } = process.cpuUsage()
process.stdout.write(JSON.stringify({ report, memory, spooled, seconds: (user + system) / 1e6 }))
