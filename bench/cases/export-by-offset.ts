// leadpipe by offset: like the hand-written loops, and only as exact as they are.
import { exportCase } from '../exportCase.ts'
import { HubSpotClient, leads, run, toFile, validate } from '../leadpipe.ts'

await exportCase(async (origin, path) => {
  await using client = new HubSpotClient({ accessToken: 'bench', origin, rateLimit: 'none' })
  await run(leads(client, { paging: 'offset' }), validate(), toFile(path))
})
