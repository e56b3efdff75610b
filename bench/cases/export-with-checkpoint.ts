// leadpipe with a checkpoint: about every 1,000 leads, the file is synced and the progress is saved.
import { exportCase } from '../exportCase.ts'
import { HubSpotClient, leads, run, toFile, validate } from '../leadpipe.ts'

await exportCase(async (origin, path) => {
  await using client = new HubSpotClient({ accessToken: 'bench', origin, rateLimit: 'none' })
  await run(leads(client), validate(), toFile(path), { checkpoint: `${path}.checkpoint.json` })
})
