// leadpipe: reads by time, checks every lead, writes and syncs a file. Constant memory.
import { exportCase } from '../exportCase.ts'
import { HubSpotClient, leads, run, toFile, validate } from '../leadpipe.ts'

await exportCase(async (origin, path) => {
  await using client = new HubSpotClient({ accessToken: 'bench', origin, rateLimit: 'none' })
  await run(leads(client), validate(), toFile(path))
})
