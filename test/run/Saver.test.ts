import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HubSpotClient, type Lead, leads, operator, run, type SaveEvery, toFile } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { paced } from '../support/paced.ts'

const never = { leads: 1_000_000, bytes: 1_000_000_000, milliseconds: 1_000_000 }
/** The saves of every run: one before the first record, and at the end one after prepare and one after commit. */
const fixedSaves = 3
const count = 400
const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + n })),
})
t.teardown(() => portal.close())

interface Saves {
  /** How many checkpoints the run saved. */
  saves: number
  /** How many leads had arrived at each save. */
  places: number[]
}

async function savesOf(t: Test, every: SaveEvery, onStep: () => void = () => {}): Promise<Saves> {
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const folder = t.testdir()
  const places: number[] = []
  let seen = 0
  const record = () => places.push(seen)
  const step = operator<Lead>({
    name: 'look',
    stateless: true,
    create: () => ({
      step(lead, emit) {
        onStep()
        seen += 1
        emit(lead)
      },
    }),
  })
  subscribe('leadpipe:checkpoint', record)
  t.after(() => unsubscribe('leadpipe:checkpoint', record))
  const checkpoint = { path: join(folder, 'checkpoint.json'), every: { ...never, ...every } }
  const report = await run(leads(client), paced(), step, toFile(join(folder, 'a.ndjson')), { checkpoint })
  unsubscribe('leadpipe:checkpoint', record)
  // There are two messages per save: `flushed` and `saved`.
  return { saves: report.checkpoint?.saves ?? 0, places: places.filter((_, index) => index % 2 === 0) }
}

t.test('checkpoint: without a due save, a run saves before its first lead and twice at its end', async t => {
  t.strictSame(await savesOf(t, {}), { saves: fixedSaves, places: [0, count, count] })
})

t.test('checkpoint: every.leads saves every 50 leads', async t => {
  const { saves, places } = await savesOf(t, { leads: 50 })
  t.equal(saves, fixedSaves + 8)
  t.strictSame(places, [0, 50, 100, 150, 200, 250, 300, 350, 400, 400, 400])
})

t.test('checkpoint: every.bytes saves every 2000 bytes', async t => {
  const { saves } = await savesOf(t, { bytes: 2_000 })
  t.ok(saves >= fixedSaves + 4, `${saves} saves`)
})

t.test('checkpoint: every.milliseconds saves when so much time has passed', async t => {
  let seen = 0
  const busy = () => {
    seen += 1
    if (seen % 100 !== 0) return
    // Busy, so that time passes however fast the machine is.
    for (const until = performance.now() + 20; performance.now() < until; );
  }
  const { saves } = await savesOf(t, { milliseconds: 10 }, busy)
  t.ok(saves > fixedSaves, `${saves} saves`)
})

t.test('checkpoint: of every.leads and every.bytes, the limit reached first makes a save due', async t => {
  const [byLeads, byBoth] = [await savesOf(t, { leads: 40 }), await savesOf(t, { leads: 40, bytes: 1e9 })]
  t.strictSame(byBoth, byLeads)
})
