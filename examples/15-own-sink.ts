// A sink of your own: rows in SQLite. However often it is interrupted, every row is there exactly once.
import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HubSpotClient, leads, peek, project, run, sink } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'
import Database from 'libsql'

interface Row {
  id: string
  email?: string | undefined
}

/** The table `contacts` of a database. Its state is the number of the last row, so it is committed with the rows. */
export const toDatabase = (path: string) =>
  sink<Row, number>(
    'toDatabase',
    ({ state = 0 }) => {
      const database = new Database(path)
      database.exec('CREATE TABLE IF NOT EXISTS contacts (number INTEGER PRIMARY KEY, id TEXT, email TEXT)')
      // If the last process ended between a commit and the save of its checkpoint, these rows come again.
      database.prepare('DELETE FROM contacts WHERE number > ?').run(state)
      const insert = database.prepare('INSERT INTO contacts VALUES (?, ?, ?)')
      let number = state
      database.exec('BEGIN')
      return {
        write({ id, email = '' }) {
          number += 1
          insert.run(number, id, email)
        },
        flush() {
          database.exec('COMMIT')
          database.exec('BEGIN')
          return number
        },
        end() {
          if (database.inTransaction) database.exec('ROLLBACK')
          database.close()
        },
      }
    },
    { files: [path] },
  )

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await using portal = await createPortal({ leads: 500 })
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
  const path = join(folder, 'contacts.db')
  const plug = new AbortController()
  let seen = 0

  const copy = (options: { signal?: AbortSignal }) =>
    run(
      leads(client, { includeDeleted: true }),
      peek(() => {
        seen += 1
        if (seen === 250) plug.abort('the plug was pulled')
      }),
      project({ id: 'guid', email: 'email' }),
      toDatabase(path),
      { checkpoint: { path: join(folder, 'checkpoint.json'), every: { leads: 100 } }, ...options },
    )

  await copy({ signal: plug.signal }).catch(reason => console.log(`${reason} after ${seen} leads`))
  const report = await copy({})
  console.log(`done after ${report.checkpoint?.starts} starts:`, report.sink)

  const database = new Database(path)
  const ids = database.prepare('SELECT id FROM contacts').pluck().all()
  database.close()
  assert.equal(ids.length, 500)
  assert.equal(new Set(ids).size, 500)
}
