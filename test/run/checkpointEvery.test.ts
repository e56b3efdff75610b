import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Lead, LeadsClient, leads, operator, run, type SaveEvery, toFile } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'

const never = { leads: 1_000_000, bytes: 1_000_000_000, milliseconds: 1_000_000 }
const portal = await createPortal({ leads: 400 })
t.teardown(() => portal.close())

/** How often a run is saved. */
async function saves(t: Test, every: SaveEvery, look: () => void = () => {}): Promise<number> {
  await using client = new LeadsClient({ accessToken: portal.accessToken, origin: portal.origin })
  const folder = t.testdir()
  const step = operator<Lead>('look', (lead, emit) => {
    look()
    emit(lead)
  })
  const checkpoint = { path: join(folder, 'checkpoint.json'), every: { ...never, ...every } }
  const { checkpoint: facts } = await run(leads(client), step, toFile(join(folder, 'a.ndjson')), {
    checkpoint,
  })
  return facts?.saves ?? 0
}

t.test('a checkpoint is saved every so many leads, bytes or milliseconds, whichever comes first', async t => {
  const ends = await saves(t, {})
  t.ok(ends < 6, `${ends} saves where nothing is due`)
  t.ok((await saves(t, { leads: 50 })) >= ends + 6)
  t.ok((await saves(t, { bytes: 200_000 })) >= ends + 4)
  let seen = 0
  const busy = () => {
    seen += 1
    if (seen % 100 !== 0) return
    // Time goes by here, however fast the machine is.
    for (const until = performance.now() + 20; performance.now() < until; );
  }
  t.ok((await saves(t, { milliseconds: 10 }, busy)) > ends)
})
