import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPortal, type PortalOptions } from '../../lib/portal/index.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test(
  'a wrong option is refused by name, value and what is expected, before anything is opened',
  async t => {
    const db = join(t.testdir(), 'leads.db')
    const leads = 'a count, an iterable of leads, or the path of an NDJSON file'
    const file = 'the path of a file (leave it out to hold the leads in memory)'
    const names = 'leads, seed, db, accessToken, port, startTime, stopTime, now'
    const cases: [options: unknown, message: string][] = [
      [null, 'Expected `options` to be an object, got null'],
      [5, 'Expected `options` to be an object, got 5'],
      [{ db, leeds: 5 }, `Unknown option \`leeds\`: expected one of ${names}`],
      [{ db, leads: -1 }, 'Expected `leads` to be a whole number from 0 to 100000000, got -1'],
      [{ db, leads: 1.5 }, 'Expected `leads` to be a whole number from 0 to 100000000, got 1.5'],
      [{ db, leads: Number.NaN }, 'Expected `leads` to be a whole number from 0 to 100000000, got NaN'],
      [{ db, leads: '' }, `Expected \`leads\` to be ${leads}, got ''`],
      [{ db, leads: null }, `Expected \`leads\` to be ${leads}, got null`],
      [{ db, leads: { a: { b: 1 } } }, `Expected \`leads\` to be ${leads}, got { a: [Object] }`],
      [{ db, seed: -1 }, 'Expected `seed` to be a whole number from 0 to 4294967295, got -1'],
      [{ db, seed: 2 ** 32 }, 'Expected `seed` to be a whole number from 0 to 4294967295, got 4294967296'],
      [{ db, seed: '1' }, "Expected `seed` to be a whole number from 0 to 4294967295, got '1'"],
      [{ db: '' }, `Expected \`db\` to be ${file}, got ''`],
      [{ db: ':memory:' }, `Expected \`db\` to be ${file}, got ':memory:'`],
      [{ db: 5 }, `Expected \`db\` to be ${file}, got 5`],
      [{ db, accessToken: '' }, "Expected `accessToken` to be a text that is not empty, got ''"],
      [{ db, accessToken: 12345 }, "Expected `accessToken` to be a text that is not empty, got 'number'"],
      [{ db, port: 65536 }, 'Expected `port` to be a whole number from 0 to 65535, got 65536'],
      [{ db, port: null }, 'Expected `port` to be a whole number from 0 to 65535, got null'],
      [{ db, startTime: 5 }, 'Expected `startTime` to be "inclusive" or "exclusive", got 5'],
      [{ db, stopTime: 'yes' }, 'Expected `stopTime` to be "inclusive" or "exclusive", got \'yes\''],
      [{ db, now: 5 }, 'Expected `now` to be a function that gives milliseconds since 1970, got 5'],
    ]
    for (const [options, message] of cases) {
      await t.rejects(createPortal(options as PortalOptions), {
        name: 'PortalError',
        code: 'OPTION',
        message,
      })
    }
    t.notOk(existsSync(db))
  },
)

t.test(
  'without options: 1,000 leads, the documentation’s token, a free port of this machine alone',
  async t => {
    const portal = await startPortal(t)
    t.equal(portal.leads, 1_000)
    t.equal(portal.accessToken, 'demooooo-oooo-oooo-oooo-oooooooooooo')
    t.match(portal.origin, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  },
)

t.test('an option that is undefined is not given', async t => {
  const options: unknown = {
    leads: undefined,
    seed: undefined,
    db: undefined,
    port: undefined,
    now: undefined,
  }
  t.equal((await startPortal(t, options as PortalOptions)).leads, 1_000)
})

t.test('a port in use is refused in one sentence', async t => {
  const { origin } = await startPortal(t, { leads: [] })
  const port = Number(new URL(origin).port)
  await t.rejects(createPortal({ leads: [], port }), {
    name: 'PortalError',
    code: 'LISTEN',
    message: `Port ${port} on 127.0.0.1 is in use`,
  })
})

t.test('a given port is the one that is bound', async t => {
  const first = await createPortal({ leads: [] })
  await first.close()
  const second = await startPortal(t, { leads: [], port: Number(new URL(first.origin).port) })
  t.equal(second.origin, first.origin)
})
