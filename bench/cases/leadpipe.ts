// leadpipe: reads by time, checks every lead, writes and syncs a file. Constant memory.
// Here, because leadpipe loads undici with its first request: for the other cases, loading it does not count either.
import 'undici'
import { exportCase } from '../exportCase.ts'
import { HubSpotClient, leads, run, toFile } from '../leadpipe.ts'
import { operatorOf } from '../operators.ts'

await exportCase(async (origin, path) => {
  const { JOB, PAGING, CHECKPOINT } = process.env
  await using client = new HubSpotClient({ accessToken: 'bench', origin, rateLimit: 'none' })
  const source = leads(client, PAGING === 'offset' ? { paging: 'offset' } : {})
  const checkpoint = CHECKPOINT === undefined ? undefined : `${path}.checkpoint.json`
  await run(source, operatorOf(JOB as string), toFile(path), { checkpoint })
})
