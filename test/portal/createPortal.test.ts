import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createPortal, type PortalOptions } from '../../lib/portal/index.ts'
import { root } from '../support/root.ts'
import { getLeads } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test(
  'createPortal: a wrong option is refused with its name, the value and what is expected, before a file is opened',
  async t => {
    const db = join(t.testdir(), 'leads.db')
    const leads = 'a count, an iterable of leads, or the path of an NDJSON file'
    const file = 'the path of a file (omit it to keep the leads in memory)'
    const names =
      'leads, objects, properties, scopes, searchLag, seed, db, accessToken, refreshToken, tokenLifetime, leadsApi, contactsV1, conversionIdsSince, port, startTime, stopTime, salesforce, gzip, errors, rateLimit, faults, faultSeed, now'
    const cases: [options: unknown, message: string | RegExp][] = [
      [null, 'createPortal(): options: expected an object, received null'],
      [5, 'createPortal(): options: expected an object, received 5'],
      [{ db, leeds: 5 }, `createPortal(): unknown option "leeds"; expected one of ${names}`],
      [{ db, leads: -1 }, 'createPortal(): leads: expected an integer from 0 to 100000000, received -1'],
      [{ db, leads: 1.5 }, 'createPortal(): leads: expected an integer from 0 to 100000000, received 1.5'],
      [
        { db, leads: Number.NaN },
        'createPortal(): leads: expected an integer from 0 to 100000000, received NaN',
      ],
      [{ db, leads: '' }, `createPortal(): leads: expected ${leads}, received ''`],
      [{ db, leads: null }, `createPortal(): leads: expected ${leads}, received null`],
      [{ db, leads: { a: { b: 1 } } }, `createPortal(): leads: expected ${leads}, received { a: [Object] }`],
      [{ db, seed: -1 }, 'createPortal(): seed: expected an integer from 0 to 4294967295, received -1'],
      [
        { db, seed: 2 ** 32 },
        'createPortal(): seed: expected an integer from 0 to 4294967295, received 4294967296',
      ],
      [{ db, seed: '1' }, "createPortal(): seed: expected an integer from 0 to 4294967295, received '1'"],
      [{ db: '' }, `createPortal(): db: expected ${file}, received ''`],
      [{ db: ':memory:' }, `createPortal(): db: expected ${file}, received ':memory:'`],
      [{ db: 5 }, `createPortal(): db: expected ${file}, received 5`],
      [
        { db, accessToken: '' },
        "createPortal(): accessToken: expected a string that is not empty, received ''",
      ],
      [
        { db, accessToken: 12345 },
        'createPortal(): accessToken: expected a string that is not empty, received a value of type number',
      ],
      [
        { db, refreshToken: 5 },
        'createPortal(): refreshToken: expected a string that is not empty, received a value of type number',
      ],
      [
        { db, tokenLifetime: 0 },
        'createPortal(): tokenLifetime: expected milliseconds, an integer from 1 to 100000000000, received 0',
      ],
      [{ db, leadsApi: 'no' }, "createPortal(): leadsApi: expected true or false, received 'no'"],
      [{ db, contactsV1: 0 }, 'createPortal(): contactsV1: expected true or false, received 0'],
      [
        { db, conversionIdsSince: '2012' },
        "createPortal(): conversionIdsSince: expected milliseconds since 1970, received '2012'",
      ],
      [{ db, port: 65536 }, 'createPortal(): port: expected an integer from 0 to 65535, received 65536'],
      [{ db, port: null }, 'createPortal(): port: expected an integer from 0 to 65535, received null'],
      [{ db, startTime: 5 }, 'createPortal(): startTime: expected "inclusive" or "exclusive", received 5'],
      [
        { db, stopTime: 'yes' },
        'createPortal(): stopTime: expected "inclusive" or "exclusive", received \'yes\'',
      ],
      [{ db, salesforce: true }, 'createPortal(): salesforce: expected "tied" or "none", received true'],
      [{ db, gzip: null }, 'createPortal(): gzip: expected "auto" or "never", received null'],
      [{ db, errors: 'xml' }, 'createPortal(): errors: expected "json" or "html", received \'xml\''],
      [{ db, rateLimit: 5 }, 'createPortal(): rateLimit: expected an object, received 5'],
      [
        { db, rateLimit: { hourly: 5 } },
        'createPortal(): unknown option "rateLimit.hourly"; expected one of tenSecondly, secondly, daily, search, associations, retryAfter',
      ],
      [
        { db, rateLimit: { daily: -1 } },
        'createPortal(): rateLimit.daily: expected an integer from 0 to 100000000, received -1',
      ],
      [
        { db, rateLimit: { retryAfter: 5 } },
        'createPortal(): rateLimit.retryAfter: expected "seconds", "date" or "none", received 5',
      ],
      [
        { db, objects: 5 },
        'createPortal(): objects: expected an object with the types as its names, received 5',
      ],
      [
        { db, objects: { contacts: 5 } },
        'createPortal(): objects.contacts: expected another type: the contacts are the option leads, received 5',
      ],
      [
        { db, objects: { deals: 5, '0-3': 5 } },
        'createPortal(): objects.0-3: expected each type once: deals is 0-3, received 5',
      ],
      [
        { db, objects: { '2-x': 5 } },
        'createPortal(): objects.2-x: expected a type: contacts, companies, deals, tickets, leads, or an id such as 2-123, received 5',
      ],
      [
        { db, objects: { deals: 'many' } },
        "createPortal(): objects.deals: expected a count, or an iterable of records, received 'many'",
      ],
      [
        { db, objects: { deals: -1 } },
        'createPortal(): objects.deals: expected an integer from 0 to 100000000, received -1',
      ],
      [
        { db, properties: { contacts: 'x' } },
        "createPortal(): properties.contacts: expected an array of names or definitions, received 'x'",
      ],
      [
        { db, properties: { contacts: ['a', 'B c'] } },
        "createPortal(): properties.contacts[1].name: expected lower-case letters, digits and _, the first a letter, received 'B c'",
      ],
      [
        { db, properties: { contacts: [{ name: 'a', type: 'text' }] } },
        /^createPortal\(\): properties\.contacts\[0\]\.type: expected "bool", .* or "json", received 'text'$/,
      ],
      [
        { db, properties: { contacts: [{ name: 'a', typ: 'bool' }] } },
        /^createPortal\(\): unknown option "properties\.contacts\[0\]\.typ"; expected one of name, /,
      ],
      [
        { db, scopes: 'forms' },
        "createPortal(): scopes: expected an array of scopes, such as crm.objects.contacts.read, received 'forms'",
      ],
      [
        { db, searchLag: -1 },
        'createPortal(): searchLag: expected an integer from 0 to 31536000000, received -1',
      ],
      [{ db, faults: 5 }, 'createPortal(): faults: expected a text or an array of rules, received 5'],
      [
        { db, faults: '#1:x' },
        /^Fault rule 1 `#1:x`, character 4: expected a fault: one of status, .*, got "x"$/,
      ],
      [{ db, faults: [{}] }, 'Fault rule 1, fault: expected an object, got nothing'],
      [
        { db, faultSeed: -1 },
        'createPortal(): faultSeed: expected an integer from 0 to 4294967295, received -1',
      ],
      [
        { db, now: 5 },
        'createPortal(): now: expected a function that returns milliseconds since 1970, received 5',
      ],
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
  'createPortal: without options there are 1,000 leads, the documented token, and a free port on 127.0.0.1',
  async t => {
    const portal = await startPortal(t)
    t.equal(portal.leads, 1_000)
    t.equal(portal.accessToken, 'demooooo-oooo-oooo-oooo-oooooooooooo')
    t.match(portal.origin, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  },
)

t.test('createPortal: an option that is undefined is absent', async t => {
  const options: unknown = {
    leads: undefined,
    seed: undefined,
    db: undefined,
    port: undefined,
    now: undefined,
  }
  t.equal((await startPortal(t, options as PortalOptions)).leads, 1_000)
})

t.test('createPortal: a port in use is a LISTEN error', async t => {
  const { origin } = await startPortal(t, { leads: [] })
  const port = Number(new URL(origin).port)
  await t.rejects(createPortal({ leads: [], port }), {
    name: 'PortalError',
    code: 'LISTEN',
    message: `Port ${port} on 127.0.0.1 is in use`,
  })
})

t.test('createPortal: the given port is bound', async t => {
  const first = await createPortal({ leads: [] })
  await first.close()
  const second = await startPortal(t, { leads: [], port: Number(new URL(first.origin).port) })
  t.equal(second.origin, first.origin)
})

t.test(
  'createPortal: without libsql the module can be imported, and createPortal names the missing package',
  async t => {
    // A process in which libsql cannot be resolved, as if the optional dependency were not installed.
    const hooks = `export async function resolve(name, context, next) {
    if (name === 'libsql') throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
    const script = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))
    const { createPortal, generateLeads } = await import('leadpipe/portal')
    console.log([...generateLeads({ count: 3 })].length)
    await createPortal().catch(error => console.log(error.name, error.code, error.message, error.cause.code))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.equal(code, 0)
    t.equal(
      output,
      '3\nPortalError STORE The portal needs the optional package libsql, which can not be loaded: npm install libsql ERR_MODULE_NOT_FOUND\n',
    )
  },
)

t.test('portal.close() ends with open connections, idle ones and one that stalls in a page', async t => {
  const lead = { guid: 'a', message: 'x'.repeat(20_000_000) }
  const portal = await createPortal({ leads: [lead] })
  const port = Number(new URL(portal.origin).port)
  const idle = connect(port, '127.0.0.1')
  await once(idle, 'connect')
  const stalled = connect(port, '127.0.0.1')
  stalled.write(`GET /leads/v1/list?access_token=${portal.accessToken} HTTP/1.1\r\nHost: portal\r\n\r\n`)
  await once(stalled, 'readable')
  const ends = [idle, stalled].map(socket => once(socket.on('error', () => {}).resume(), 'close'))
  await portal.close()
  await Promise.all(ends)
  await t.rejects(fetch(portal.origin))
})

t.test('portal.close() may be called again and concurrently', async t => {
  const portal = await createPortal({ leads: 10 })
  const first = portal.close()
  t.equal(portal.close(), first)
  await first
  await portal.close()
  await portal[Symbol.asyncDispose]()
})

t.test('`await using` closes the portal', async t => {
  let origin: string
  {
    await using portal = await createPortal({ leads: 10 })
    origin = portal.origin
    t.equal((await getLeads(portal, 'includeDeleted=true')).length, 10)
  }
  await t.rejects(fetch(origin))
})

t.test('the process exits when its portal is closed, even if a client keeps its connection', async t => {
  const script = `
    import { connect } from 'node:net'
    import { createPortal } from 'leadpipe/portal'
    const portal = await createPortal({ leads: 10 })
    const socket = connect(new URL(portal.origin).port, '127.0.0.1', async () => {
      socket.on('error', () => {})
      await portal.close()
      console.log('closed')
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [[output], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')])
  t.equal(String(output), 'closed\n')
  t.equal(code, 0)
})
