import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'
import t from 'tap'
import { createPortal, generateLeads, type PortalOptions } from '../../lib/portal/index.ts'
import { getGuids } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

/** Starts a portal only to leave its file behind. */
async function leave(options: PortalOptions): Promise<void> {
  const portal = await createPortal(options)
  await portal.close()
}

t.test('a file that holds what is asked for is served as it is', async t => {
  const db = join(t.testdir(), 'leads.db')
  await leave({ db, leads: 50, seed: 4 })
  const before = readFileSync(db)
  for (const options of [{ db, leads: 50, seed: 4 }, { db, seed: 4 }, { db }]) {
    const portal = await startPortal(t, options)
    t.equal(portal.leads, 50)
    const [guid] = await getGuids(portal, 'max=1&includeDeleted=true')
    t.ok([...generateLeads({ count: 50, seed: 4 })].some(lead => lead.guid === guid))
  }
  t.ok(before.equals(readFileSync(db)), 'not a byte was written')
})

t.test('a file of own leads is served when no leads are given', async t => {
  const db = join(t.testdir(), 'leads.db')
  await leave({ db, leads: [{ guid: 'mine' }] })
  t.same(await getGuids(await startPortal(t, { db })), ['mine'])
})

t.test('a file that holds other leads is refused and left alone', async t => {
  const dir = t.testdir()
  const generated = join(dir, 'generated.db')
  const own = join(dir, 'own.db')
  await leave({ db: generated, leads: 20, seed: 1 })
  await leave({ db: own, leads: [{ guid: 'mine' }] })
  const before = readFileSync(generated)
  const refused = (options: PortalOptions, message: RegExp) =>
    t.rejects(createPortal(options), { name: 'PortalError', code: 'STORE', message })
  const held = /generated\.db holds 20 leads generated from seed 1 \(generator \d+\), not /
  await refused({ db: generated, leads: 21 }, held)
  await refused({ db: generated, leads: 20, seed: 2 }, held)
  await refused({ db: generated, seed: 2 }, held)
  await refused({ db: generated, leads: [{ guid: 'mine' }] }, /, not the given leads: name another file/)
  await refused(
    { db: own, leads: 20 },
    /own\.db holds own leads \(1 of them\), not 20 leads generated from seed 1/,
  )
  await refused(
    { db: own, leads: [{ guid: 'mine' }] },
    /own\.db holds own leads \(1 of them\), not the given leads/,
  )
  t.ok(before.equals(readFileSync(generated)))
})

t.test('a file that is no portal’s database is refused and left alone', async t => {
  const dir = t.testdir({ 'text.db': 'no database '.repeat(1_000), folder: {} })
  const foreign = new Libsql(join(dir, 'foreign.db'))
  foreign.exec('CREATE TABLE lead (x)')
  foreign.close()
  const newer = join(dir, 'newer.db')
  await leave({ db: newer, leads: [] })
  const store = new Libsql(newer)
  store.exec('UPDATE meta SET format = format + 1')
  store.close()
  const refused = (file: string, message: RegExp) =>
    t.rejects(createPortal({ db: join(dir, file) }), { name: 'PortalError', code: 'STORE', message })
  await refused('text.db', /text\.db is no SQLite database$/)
  await refused('foreign.db', /foreign\.db is not a portal's: it holds other tables$/)
  await refused('newer.db', /newer\.db was made by another version of leadpipe: delete it$/)
  await refused('folder', /folder can not be used: /)
  await refused('missing/leads.db', /missing\/leads\.db can not be used: /)
  t.match(readFileSync(join(dir, 'text.db'), 'utf8'), /^no database no/)
})

t.test('a file that another process fills is refused', async t => {
  const db = join(t.testdir(), 'leads.db')
  const other = new Libsql(db)
  other.exec('BEGIN EXCLUSIVE')
  t.teardown(() => other.exec('ROLLBACK'))
  await t.rejects(createPortal({ db }), { code: 'STORE', message: /leads\.db is in use by another process$/ })
})

t.test('leads that fail leave no file behind, and an empty file as it was', async t => {
  const dir = t.testdir({ 'empty.db': '' })
  for (const [file, exists] of [
    ['new.db', false],
    ['empty.db', true],
  ] as const) {
    const db = join(dir, file)
    await t.rejects(createPortal({ db, leads: [{ guid: 'a' }, 5 as unknown as object] }), { code: 'LEADS' })
    t.equal(existsSync(db), exists)
    t.equal((await startPortal(t, { db, leads: 3 })).leads, 3)
  }
})

t.test('a fill that was killed is never served: the file is filled anew', async t => {
  const db = join(t.testdir(), 'leads.db')
  const child = fillForever(db)
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok(statSync(db).size > 100_000, 'the half-filled file has leads')
  t.ok(existsSync(`${db}-journal`))
  const portal = await startPortal(t, { db, leads: 20 })
  t.equal(portal.leads, 20)
  t.equal((await getGuids(portal, 'max=100&includeDeleted=true')).length, 20)
})

/** A process that fills a file without end, and says so when leads have reached the disk. */
function fillForever(db: string): ChildProcess {
  const script = `
    import { statSync } from 'node:fs'
    import { createPortal } from ${JSON.stringify(new URL('../../lib/portal/index.ts', import.meta.url).href)}
    function* leads() {
      for (let n = 0; ; n++) {
        yield { guid: String(n), message: 'x'.repeat(1_000_000) }
        if (statSync(process.env.DB).size > 1_000_000) console.log('filling')
      }
    }
    createPortal({ db: process.env.DB, leads: leads() })`
  return spawn(
    process.execPath,
    ['--import', fileURLToPath(import.meta.resolve('tsx')), '--input-type=module', '-e', script],
    {
      env: { ...process.env, DB: db },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
}
