import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'libsql'
import t, { type Test } from 'tap'
import { serveContacts } from '../../examples/14-own-source.ts'
import { loadCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import type { Report } from '../../lib/index.ts'
import type { SaveStep, StepAim } from '../support/children/Aim.ts'
import type { CopyJob } from '../support/children/copyContacts.ts'
import { startProcess } from '../support/runProcess.ts'
import { seededRandom } from '../support/seededRandom.ts'

const count = 700

/** A copy of all contacts from the API of one example to the database of the other one. */
async function copyJob(t: Test): Promise<CopyJob> {
  const dir = t.testdir()
  const { origin, close } = await serveContacts(count)
  t.teardown(close)
  return { origin, database: join(dir, 'contacts.db'), checkpoint: join(dir, 'checkpoint.json') }
}

/**
 * Starts a process of the copy; resolves to its report, or to undefined if it was killed.
 *
 * @param killAt the number of contacts after which it is killed; default: never
 */
async function start(t: Test, job: CopyJob, killAt = Number.POSITIVE_INFINITY): Promise<Report | undefined> {
  const child = startProcess('test/support/children/copyContacts.ts', [JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (printed.length >= killAt) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  if (signal === null) t.equal(code, 0)
  else t.equal(signal, 'SIGKILL')
  return signal === null ? JSON.parse(printed.split('\n')[1] ?? '') : undefined
}

/** The ids in the table, in the order of its rows. */
function idsIn({ database: path }: CopyJob): unknown[] {
  const database = new Database(path)
  const ids = database.prepare('SELECT id FROM contacts ORDER BY number').pluck().all()
  database.close()
  return ids
}

/** The number of rows that the checkpoint knows. */
async function savedRows({ checkpoint }: CopyJob): Promise<number> {
  const found = await loadCheckpoint(checkpoint)
  return (found?.state.sinks.sink as { records: number } | undefined)?.records ?? 0
}

const everyId = Array.from({ length: count }, (_, n) => `c${n}`)

t.setTimeout(300_000)
t.test('own stages: a copy that is killed ten times at random has every row exactly once', async t => {
  const job = await copyJob(t)
  const seed = Number(process.env.KILLS_SEED ?? 1)
  t.comment(`KILLS_SEED=${seed}`)
  const chance = seededRandom(seed)
  const rows: number[] = []
  for (let kills = 0; kills < 10; kills += 1) {
    t.equal(await start(t, job, 1 + Math.floor(chance() * 70)), undefined)
    const ids = idsIn(job)
    t.strictSame(ids, everyId.slice(0, ids.length))
    rows.push(ids.length)
  }
  t.comment(`rows after each kill: ${rows.join(', ')}`)
  t.ok((rows.at(-1) ?? 0) > 0, 'the starts made progress')
  t.match(await start(t, job), { read: count, records: count })
  t.strictSame(idsIn(job), everyId)
})

const aims: [step: SaveStep, nth: number][] = [
  ['running flushed', 1],
  ['running saved', 1],
  ['running flushed', 2],
  ['running saved', 2],
  ['running flushed', 3],
  ['running saved', 3],
  ['prepared flushed', 1],
  ['prepared saved', 1],
  ['committed flushed', 1],
  ['committed saved', 1],
]

t.test(
  'own stages: a copy that is killed around its commits and saves has every row exactly once',
  async t => {
    const job = await copyJob(t)
    for (const [step, nth] of aims) {
      const aim: StepAim = { step, nth }
      t.equal(await start(t, { ...job, aim }), undefined, `killed: ${step} ${nth}`)
      const ids = idsIn(job)
      t.strictSame(ids, everyId.slice(0, ids.length))
      // The second save of a process is the first one after a record.
      if (step === 'running flushed' && nth > 1) {
        t.ok(ids.length > (await savedRows(job)), 'the database has rows that the checkpoint does not know')
      }
    }
    t.match(await start(t, job), { read: count, records: count, checkpoint: { found: 'finished' } })
    t.strictSame(idsIn(job), everyId)
  },
)
