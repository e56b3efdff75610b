// Tests a pipeline against a portal that fails on request: the file must be the same as without failures.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HubSpotClient, leads, run, toFile, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))

/** The pipeline under test. */
async function exportTo(name: string, faults = ''): Promise<Buffer> {
  await using portal = await createPortal({ leads: 1_000, ...(faults === '' ? {} : { faults }) })
  await using client = new HubSpotClient({
    accessToken: portal.accessToken,
    origin: portal.origin,
    retry: { retries: 8, minDelay: 1, maxDelay: 10 },
  })
  const path = join(folder, name)
  const { source } = await run(leads(client), validate(), toFile(path))
  console.log(`${name}: ${source?.requests} requests, ${source?.retries} retries`)
  return await readFile(path)
}

const undisturbed = await exportTo('undisturbed.ndjson')
const disturbed = await exportTo(
  'disturbed.ndjson',
  'page=first x1:status=503; page=3 x2:cut=0.5; page=5 x1:reset; 10%:status=502,body=html; every=7:cut=0.9,framing=chunked',
)

assert.ok(disturbed.equals(undisturbed))
