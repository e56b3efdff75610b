import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HubSpotClient, type Lead, leads, operator, run, type SaveEvery, toFile } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { paced } from '../support/paced.ts'

const never = { leads: 1_000_000, bytes: 1_000_000_000, milliseconds: 1_000_000 }
/** One before the first record, and two at the end: everything is durable, and everything is in its place. */
const ends = 3
const count = 400
const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + n })),
})
t.teardown(() => portal.close())

interface Saves {
  /** How often a run is saved. */
  saves: number
  /** How many leads had come by then, each time that a checkpoint was saved. */
  places: number[]
}

async function savesOf(t: Test, every: SaveEvery, look: () => void = () => {}): Promise<Saves> {
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const folder = t.testdir()
  const places: number[] = []
  let seen = 0
  const note = () => places.push(seen)
  const step = operator<Lead>({
    name: 'look',
    stateless: true,
    create: () => ({
      step(lead, emit) {
        look()
        seen += 1
        emit(lead)
      },
    }),
  })
  subscribe('leadpipe:checkpoint', note)
  t.after(() => unsubscribe('leadpipe:checkpoint', note))
  const checkpoint = { path: join(folder, 'checkpoint.json'), every: { ...never, ...every } }
  const report = await run(leads(client), paced(), step, toFile(join(folder, 'a.ndjson')), { checkpoint })
  unsubscribe('leadpipe:checkpoint', note)
  // Each is told twice: when what it says is durable, and when it is saved.
  return { saves: report.checkpoint?.saves ?? 0, places: places.filter((_, index) => index % 2 === 0) }
}

t.test('a run that is saved where nothing is due is saved before its first lead, and at its end', async t => {
  t.strictSame(await savesOf(t, {}), { saves: ends, places: [0, count, count] })
})

t.test('a checkpoint is saved every so many leads', async t => {
  const { saves, places } = await savesOf(t, { leads: 50 })
  t.equal(saves, ends + 8)
  t.strictSame(places, [0, 50, 100, 150, 200, 250, 300, 350, 400, 400, 400])
})

t.test('a checkpoint is saved every so many bytes', async t => {
  const { saves } = await savesOf(t, { bytes: 2_000 })
  t.ok(saves >= ends + 4, `${saves} saves`)
})

t.test('a checkpoint is saved every so many milliseconds', async t => {
  let seen = 0
  const busy = () => {
    seen += 1
    if (seen % 100 !== 0) return
    // Time goes by here, however fast the machine is.
    for (const until = performance.now() + 20; performance.now() < until; );
  }
  const { saves } = await savesOf(t, { milliseconds: 10 }, busy)
  t.ok(saves > ends, `${saves} saves`)
})

t.test('of leads, bytes and milliseconds, whichever comes first makes a save due', async t => {
  const [byLeads, byBoth] = [await savesOf(t, { leads: 40 }), await savesOf(t, { leads: 40, bytes: 1e9 })]
  t.strictSame(byBoth, byLeads)
})
