import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Libsql from 'libsql'
import t from 'tap'
import { createPortal, generateLeads, type PortalOptions } from '../../lib/portal/index.ts'
import { timePivots } from '../../lib/portal/list/ListRequest.ts'
import { readListRequest } from '../../lib/portal/list/readListRequest.ts'
import { findQuery, leadKeys } from '../../lib/portal/store/findQuery.ts'
import { pageQuery, type Query, type Route, textQuery } from '../../lib/portal/store/pageQuery.ts'
import { root } from '../support/root.ts'
import { getGuids, getList } from './helpers/getList.ts'
import { requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

/** Starts and closes a portal to create its file. */
async function createFile(options: PortalOptions): Promise<void> {
  const portal = await createPortal(options)
  await portal.close()
}

t.test('portal file: a file with the requested leads is served unchanged', async t => {
  const db = join(t.testdir(), 'leads.db')
  await createFile({ db, leads: 50, seed: 4 })
  const before = readFileSync(db)
  for (const options of [{ db, leads: 50, seed: 4 }, { db, seed: 4 }, { db }]) {
    const portal = await startPortal(t, options)
    t.equal(portal.leads, 50)
    const [guid] = await getGuids(portal, 'max=1&includeDeleted=true')
    t.ok([...generateLeads({ count: 50, seed: 4 })].some(lead => lead.guid === guid))
  }
  t.ok(before.equals(readFileSync(db)), 'no byte was written')
})

t.test('portal file: a file of own leads is served if no leads are given', async t => {
  const db = join(t.testdir(), 'leads.db')
  await createFile({ db, leads: [{ guid: 'mine' }] })
  t.same(await getGuids(await startPortal(t, { db })), ['mine'])
})

t.test('portal file: changes are kept in the file, which no longer counts as generated', async t => {
  const db = join(t.testdir(), 'leads.db')
  const first = await createPortal({ db, leads: 20, faults: '#2:insert=2' })
  const guids = await getGuids(first, 'max=3')
  first.update(guids[0] as string, { isDeleted: true })
  first.insert([{ guid: 'mine', insertedAt: 1 }])
  t.same((await getGuids(first, 'max=3')).slice(1), guids.slice(1))
  await first.close()
  await t.rejects(createPortal({ db, leads: 20 }), {
    code: 'STORE',
    message: /leads\.db holds own or changed leads \(23 of them\), not 20 leads generated from seed 1/,
  })
  const again = await startPortal(t, { db })
  t.equal(again.leads, 23)
  t.same(await getGuids(again, 'max=3'), ['mine', ...guids.slice(1)])
})

t.test('portal file: a file with other leads is refused and unchanged', async t => {
  const dir = t.testdir()
  const generated = join(dir, 'generated.db')
  const own = join(dir, 'own.db')
  await createFile({ db: generated, leads: 20, seed: 1 })
  await createFile({ db: own, leads: [{ guid: 'mine' }] })
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
    /own\.db holds own or changed leads \(1 of them\), not 20 leads generated from seed 1/,
  )
  await refused(
    { db: own, leads: [{ guid: 'mine' }] },
    /own\.db holds own or changed leads \(1 of them\), not the given leads/,
  )
  t.ok(before.equals(readFileSync(generated)))
})

t.test("portal file: a file that is not a portal's database is refused and unchanged", async t => {
  const dir = t.testdir({ 'text.db': 'no database '.repeat(1_000), folder: {} })
  const foreign = new Libsql(join(dir, 'foreign.db'))
  foreign.exec('CREATE TABLE lead (x)')
  foreign.close()
  const newer = join(dir, 'newer.db')
  await createFile({ db: newer, leads: [] })
  const store = new Libsql(newer)
  store.exec('UPDATE meta SET format = format + 1')
  store.close()
  const refused = (file: string, message: RegExp) =>
    t.rejects(createPortal({ db: join(dir, file) }), { name: 'PortalError', code: 'STORE', message })
  await refused('text.db', /text\.db is not an SQLite database$/)
  await refused('foreign.db', /foreign\.db is not a portal's: it holds other tables$/)
  await refused('newer.db', /newer\.db was made by another version of leadpipe: delete it$/)
  await refused('folder', /folder can not be used: it is a directory$/)
  await refused('missing/leads.db', /missing\/leads\.db can not be used: its directory does not exist$/)
  t.match(readFileSync(join(dir, 'text.db'), 'utf8'), /^no database no/)
})

t.test('portal file: a file that another process fills is refused', async t => {
  const db = join(t.testdir(), 'leads.db')
  const other = new Libsql(db)
  other.exec('BEGIN EXCLUSIVE')
  t.teardown(() => other.exec('ROLLBACK'))
  await t.rejects(createPortal({ db }), { code: 'STORE', message: /leads\.db is in use by another process$/ })
})

t.test('portal file: leads that fail leave no new file, and an empty file unchanged', async t => {
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

t.test('portal file: a file whose fill was killed is filled again, and never served half-filled', async t => {
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

/** A process that fills a file endlessly, and prints a line when leads have reached the disk. */
function fillForever(db: string): ChildProcess {
  const script = `
    import { statSync } from 'node:fs'
    import { createPortal } from 'leadpipe/portal'
    function* leads() {
      for (let n = 0; ; n++) {
        yield { guid: String(n), message: 'x'.repeat(1_000_000) }
        if (statSync(process.env.DB).size > 1_000_000) console.log('filling')
      }
    }
    createPortal({ db: process.env.DB, leads: leads() })`
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, DB: db },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

t.test(
  'pageQuery: ordinary lists use a covering index, sort nothing and skip leads without reading the table',
  async t => {
    const database = await fill(t.testdir())
    const cases: [query: string, route: Route, plan: RegExp][] = [
      ['', 'pivot', /^SEARCH lead USING COVERING INDEX lead_by_insertedAt \(insertedAt<\?\)$/],
      [
        'offset=5000&dir=desc',
        'pivot',
        /^SEARCH lead USING COVERING INDEX lead_by_insertedAt \(insertedAt<\?\)$/,
      ],
      ['optOut=true&bounced=true', 'pivot', /^SEARCH lead USING COVERING INDEX lead_by_insertedAt/],
      ['search=ann', 'pivot', /^SEARCH lead USING INDEX lead_by_insertedAt/],
      ['sort=email', 'sort', /^SCAN lead USING COVERING INDEX lead_by_email$/],
      ['sort=email&dir=desc', 'sort', /^SCAN lead USING COVERING INDEX lead_by_email$/],
      ['sort=guid&startTime=1', 'sort', /^SCAN lead USING COVERING INDEX lead_by_guid$/],
      ['sort=lastModifiedAt', 'sort', /^SCAN lead USING COVERING INDEX lead_by_lastModifiedAt$/],
      ['sort=city', 'sort', /^SCAN body USING INDEX body_by_city\nSEARCH lead USING INTEGER PRIMARY KEY/],
      [
        'sort=city&dir=desc',
        'sort',
        /^SCAN body USING INDEX body_by_city\nSEARCH lead USING INTEGER PRIMARY KEY/,
      ],
      ...timePivots.flatMap((pivot): [string, Route, RegExp][] => [
        [
          `timePivot=${pivot}&startTime=5`,
          'pivot',
          new RegExp(`^SEARCH lead USING COVERING INDEX lead_by_${pivot} `),
        ],
        [
          `timePivot=${pivot}&startTime=5&stopTime=9`,
          'pivot',
          new RegExp(`lead_by_${pivot} \\(${pivot}>\\? AND ${pivot}<\\?\\)$`),
        ],
      ]),
    ]
    for (const [query, route, plan] of cases) {
      const lines = explain(database, pageQuery(request(query), route))
      t.match(lines, plan, query)
      t.notMatch(lines, 'TEMP B-TREE', query)
    }
  },
)

t.test('pageQuery: lists by guid use the index of the guids, whatever the sort', async t => {
  const database = await fill(t.testdir())
  for (const query of ['guids[0]=a', 'guids[0]=a&guids[1]=b&sort=email', 'guids[0]=a&sort=city']) {
    t.match(
      explain(database, pageQuery(request(query), 'guids')),
      /^SEARCH lead USING (COVERING )?INDEX lead_by_guid \(guid=\?\)/,
      query,
    )
  }
})

t.test('pageQuery: a narrow time window uses the index of the time, whatever the sort', async t => {
  const database = await fill(t.testdir())
  for (const query of ['startTime=1&stopTime=2&sort=guid', 'startTime=1&stopTime=2&sort=city']) {
    t.match(
      explain(database, pageQuery(request(query), 'pivot')),
      /^SEARCH lead USING (COVERING )?INDEX lead_by_insertedAt \(/,
      query,
    )
  }
})

t.test('textQuery: the texts of a page are found by their key', async t => {
  const database = await fill(t.testdir())
  for (const isShort of [false, true]) {
    t.match(explain(database, textQuery(isShort, [1, 2])), /^SEARCH body USING INTEGER PRIMARY KEY/)
  }
})

t.test('findQuery: one lead is found by an index, whatever the key', async t => {
  const database = await fill(t.testdir())
  for (const key of ['guid', ...leadKeys] as const) {
    const plan = explain(database, { sql: findQuery(key), values: ['a'] })
    t.match(
      plan,
      /^SEARCH (lead|body|submission) USING (COVERING )?INDEX (lead|body|submission)_by_\w+ \(\w+=\?\)/,
      key,
    )
    t.notMatch(plan, 'SCAN', key)
  }
})

t.test('pageQuery: a random order of ties sorts only within each group of ties', async t => {
  const database = await fill(t.testdir())
  for (const [query, route] of [
    ['', 'pivot'],
    ['sort=email', 'sort'],
  ] as const) {
    const plan = explain(database, pageQuery(request(query), route, 12_345))
    t.match(plan, /^(SEARCH|SCAN) lead USING COVERING INDEX lead_by_/, query)
    t.match(plan, /USE TEMP B-TREE FOR (RIGHT PART|LAST TERM) OF ORDER BY/, query)
  }
})

/** A file filled by a portal, with the indexes that are built on their first use. */
async function fill(dir: string): Promise<Libsql.Database> {
  const db = join(dir, 'leads.db')
  const portal = await createPortal({ db, leads: 10 })
  await getList(portal, 'sort=city')
  for (const key of leadKeys) await requestWithToken(portal, `/leads/v1/lead/?${key}=a`)
  await portal.close()
  return new Libsql(db)
}

function request(query: string) {
  return readListRequest(new URLSearchParams(query), {
    startTime: 'exclusive',
    stopTime: 'inclusive',
    now: 10,
  })
}

function explain(database: Libsql.Database, { sql, values }: Query): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as { detail: string }[]
  return rows.map(({ detail }) => detail).join('\n')
}
