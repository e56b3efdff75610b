import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type CrmOptions,
  type CrmRecord,
  contacts,
  crmObjects,
  type HubSpotClient,
  leads,
  map,
  run,
  toArray,
  toFile,
  validate,
} from '../../../lib/index.ts'
import type { Portal } from '../../../lib/portal/index.ts'
import { readList } from '../../portal/helpers/crm.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { manyProperties, numberedRecords, readRecords } from '../../support/crmRecords.ts'
import { failureOf } from '../../support/failureOf.ts'
import { listen } from '../../support/listen.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'

/** The records of the portal's own list, page after page. */
async function listed(portal: Portal, path: string) {
  return (await readList(portal, path)).flatMap(({ results }) => results)
}

t.test('contacts: every contact that is not archived, once, as the API gives it', async t => {
  const portal = await startPortal(t, { leads: 500 })
  const client = portalClient(t, portal)
  const expected = await listed(portal, '/crm/objects/2026-09/contacts?limit=100')
  t.strictSame(await contacts(client).toArray(), expected)
  for (const apiVersion of ['v3', '2026-03'] as const) {
    const other = portalClient(t, portal, { apiVersion })
    t.strictSame(
      (await readRecords(other, '0-1')).ids,
      expected.map(({ id }) => id),
      apiVersion,
    )
  }
})

t.test('crmObjects: properties that are asked for are there, with null for no value', async t => {
  const portal = await startPortal(t, { leads: 10 })
  const records = await contacts(portalClient(t, portal), { properties: ['email', 'closedate'] }).toArray()
  t.equal(records.length, portal.crm.count('contacts'))
  for (const { properties } of records) {
    t.ok('email' in properties && 'closedate' in properties)
    // The compiler knows the names.
    const { email, closedate }: { email: string | null; closedate: string | null } = properties
    t.ok(email !== undefined && closedate !== undefined)
  }
})

t.test('crmObjects: archived records come after the others, marked, or alone', async t => {
  const portal = await startPortal(t, { objects: { deals: numberedRecords(250) } })
  const client = portalClient(t, portal)
  const all = [...portal.crm.ids('deals')]
  const archived = all.filter((_, index) => index % 10 === 3)
  for (const id of archived) portal.crm.archive('deals', id)
  const rest = all.filter(id => !archived.includes(id))
  t.strictSame((await readRecords(client, 'deals')).ids, rest)
  t.strictSame((await readRecords(client, 'deals', { archived: true })).ids, archived)
  const both = await readRecords(client, 'deals', { archived: 'both' })
  t.strictSame(both.ids, [...rest, ...archived])
  t.strictSame(
    both.records.filter(record => record.archived).map(({ id }) => id),
    archived,
  )
})

for (const checkpoint of [false, true]) {
  t.test(
    `crmObjects: a misspelt property ends the run before a file is touched, checkpoint: ${checkpoint}`,
    async t => {
      const portal = await startPortal(t, { leads: 10 })
      const folder = t.testdir()
      const source = contacts(portalClient(t, portal), { properties: ['email', 'fristname'] })
      const options = checkpoint ? { checkpoint: join(folder, 'checkpoint.json') } : {}
      t.match(await failureOf(run(source, toFile(join(folder, 'contacts.ndjson')), options)), {
        code: 'OPTION',
        message:
          /properties: expected names of properties that contacts have, received "fristname"; did you mean "firstname"\?/,
      })
      t.strictSame(readdirSync(folder), [])
    },
  )
}

t.test('crmObjects: propertiesWithHistory is checked too, and makes pages of 50', async t => {
  const portal = await startPortal(t, { leads: 120 })
  const client = portalClient(t, portal)
  t.match(await failureOf(contacts(client, { propertiesWithHistory: ['lifecycle'] }).toArray()), {
    code: 'OPTION',
    context: { option: 'propertiesWithHistory' },
  })
  const { records, counts } = await readRecords(client, 'contacts', {
    propertiesWithHistory: ['lifecyclestage'],
  })
  t.equal(records.length, portal.crm.count('contacts'))
  t.ok(records.every(({ propertiesWithHistory }) => Array.isArray(propertiesWithHistory?.lifecyclestage)))
  t.equal(counts.requests, 1 + Math.ceil(records.length / 50))
})

t.test('crmObjects: ids that a batch read leaves out count as gone', async t => {
  const portal = await startPortal(t, {
    leads: 300,
    properties: { contacts: manyProperties },
    faults: 'every=1:lost=2',
  })
  const { records, counts } = await readRecords(portalClient(t, portal), 'contacts', {
    properties: manyProperties,
  })
  const pages = Math.ceil(portal.crm.count('contacts') / 100)
  t.match(counts, { gone: 2 * pages, asked: records.length + 2 * pages })
})

t.test('crmObjects: associations beyond those that come with a record are completed', async t => {
  const deals = Array.from({ length: 1_300 }, (_, index) => ({ id: 10 + index }))
  const portal = await startPortal(t, {
    objects: {
      deals,
      companies: [
        { id: 1, associations: { deals: [10, 11] } },
        { id: 2, associations: { deals: deals.map(({ id }) => id) } },
        { id: 3 },
        { id: 4, associations: { deals: deals.slice(0, 101).map(({ id }) => id) } },
      ],
    },
  })
  const options = { associations: ['deals', 'contacts'] }
  for (const given of [options, { ...options, properties: manyProperties }]) {
    const companies = given === options ? portal : await startPortalLike(t, portal)
    const { records } = await readRecords(portalClient(t, companies), 'companies', given)
    t.strictSame(
      records.map(({ id }) => id),
      ['1', '2', '3', '4'],
    )
    const found = records.map(({ associations }) => associations?.deals?.results.map(({ id }) => Number(id)))
    t.same(found[0], [10, 11])
    t.same(
      found[1]?.toSorted((a, b) => a - b),
      deals.map(({ id }) => id),
    )
    t.equal(found[2], undefined)
    t.equal(found[3]?.length, 101)
    t.notOk(JSON.stringify(records).includes('paging'))
  }
  async function startPortalLike(t: Test, { crm }: Portal): Promise<Portal> {
    const portal = await startPortal(t, {
      objects: { deals, companies: 0 },
      properties: { companies: manyProperties },
    })
    const all = deals.map(({ id }) => id)
    const of = [[10, 11], all, [], all.slice(0, 101)]
    t.equal(crm.count('companies'), of.length)
    const companies = of.map((deals, index) => ({
      id: index + 1,
      ...(deals.length > 0 ? { associations: { deals } } : {}),
    }))
    portal.crm.insert('companies', companies)
    return portal
  }
})

t.test('crmObjects: types converts values by the definitions of the portal', async t => {
  const definitions = [
    { name: 'size', type: 'number' },
    { name: 'is_open', type: 'bool' },
    { name: 'day', type: 'date' },
    { name: 'moment', type: 'datetime' },
  ] as const
  const portal = await startPortal(t, {
    properties: { deals: definitions },
    objects: {
      deals: [
        { properties: { size: '12.5', is_open: 'true', day: '2026-11-27', moment: '2026-11-27T01:02:03Z' } },
        { properties: { size: '', is_open: null } },
      ],
    },
  })
  const properties = ['size', 'is_open', 'day', 'moment'] as const
  const records = await crmObjects(portalClient(t, portal), 'deals', { properties, types: true }).toArray()
  t.strictSame(
    records.map(({ properties: { size, is_open, day, moment } }) => [size, is_open, day, moment]),
    [
      [12.5, true, '2026-11-27', '2026-11-27T01:02:03.000Z'],
      [null, null, null, null],
    ],
  )
})

t.test(
  'crmObjects: a value that can not be converted ends the source, or goes to the quarantine',
  async t => {
    const portal = await startPortal(t, {
      properties: { deals: [{ name: 'size', type: 'number' }] },
      objects: {
        deals: [
          { properties: { size: '1' } },
          { properties: { size: 'a secret' } },
          { properties: { size: '3' } },
        ],
      },
    })
    const client = portalClient(t, portal)
    const source = () => crmObjects(client, 'deals', { properties: ['size'], types: true })
    const sink = toArray({ max: 10 })
    const error = await failureOf(run(source(), sink))
    t.match(error, {
      code: 'DECODE',
      message: /its property "size" of type number is a text of 8 characters, expected a number$/,
    })
    t.notMatch(String(error), /secret/)
    const quarantine = join(t.testdir(), 'quarantine.ndjson')
    const rest = toArray({ max: 10 })
    const report = await run(
      source(),
      validate<CrmRecord>({ schema: {}, onInvalid: 'quarantine', quarantine }),
      rest,
    )
    t.equal(report.quarantined, 1)
    t.match(JSON.parse(readFileSync(quarantine, 'utf8')), { code: 'DECODE', raw: /a secret/ })
  },
)

t.test('crmObjects: reconcile compares with the number of records that search finds', async t => {
  const portal = await startPortal(t, { objects: { deals: numberedRecords(123) } })
  const client = portalClient(t, portal)
  const sink = toArray({ max: 200 })
  const { reconciliation } = await run(crmObjects(client, 'deals'), sink, { reconcile: true })
  t.strictSame(reconciliation, { matching: 123, delivered: 123 })
  const limited = crmObjects(client, 'deals', { limit: 5 })
  t.match(await failureOf(run(limited, toArray({ max: 5 }), { reconcile: true })), {
    code: 'OPTION',
    message: /crmObjects\(\): limit: expected none with reconcile/,
  })
})

t.test('crmObjects: limit ends the list, across a restart', async t => {
  const portal = await startPortal(t, { objects: { deals: numberedRecords(300) } })
  const client = portalClient(t, portal)
  const all = [...portal.crm.ids('deals')]
  for (const limit of [1, 99, 100, 101, 250]) {
    const { ids, counts } = await readRecords(client, 'deals', { limit })
    t.strictSame(ids, all.slice(0, limit))
    t.equal(counts.requests, Math.ceil(limit / 100))
  }
  const from = { paging: 'id', records: 100, id: all[99] as string } as const
  t.strictSame((await readRecords(client, 'deals', { limit: 150, from })).ids, all.slice(100, 150))
})

t.test('crmObjects: wrong options are refused before anything is requested', async t => {
  const client = openClient(t, 'http://127.0.0.1:1')
  const refused: [options: object, message: RegExp][] = [
    [{ propertys: ['email'] }, /unknown option "propertys"/],
    [{ properties: [] }, /properties: expected names of properties/],
    [{ properties: ['email', 'email'] }, /properties: expected names of properties/],
    [{ properties: 'email' }, /properties: expected names of properties .*, or 'all', received 'email'/],
    [{ archived: 'yes' }, /archived: expected true, false or 'both'/],
    [{ includeDeleted: true }, /it is called archived/],
    [{ accessToken: 'x' }, /accessToken/],
    [
      { paging: 'cursor', from: { paging: 'id', records: 0 } },
      /paging: expected a position of "id" with from/,
    ],
    [
      { paging: 'cursor', from: { paging: 'cursor', records: 3, elements: 3 } },
      /from: expected the value of `position`/,
    ],
    [
      { paging: 'cursor', from: { paging: 'cursor', records: 3, ids: Array(201).fill('1') } },
      /from: expected the value of `position`/,
    ],
    [
      { from: { paging: 'id', records: 0, archived: true } },
      /from: expected a position in records that are not archived/,
    ],
  ]
  for (const [options, message] of refused)
    t.match(await failureOf(() => contacts(client, options as CrmOptions)), { code: 'OPTION', message })
  t.match(await failureOf(() => crmObjects(client, 'con tacts')), {
    message: /type: expected the name or the id/,
  })
  t.match(await failureOf(() => contacts({} as HubSpotClient)), {
    message: /client: expected a HubSpotClient/,
  })
  t.match(await failureOf(() => leads(client, { properties: ['email'] } as object)), { code: 'OPTION' })
})

/** A server whose answers are made by path. */
async function serve(t: Test, answers: (path: string, query: URLSearchParams) => object | undefined) {
  const { origin, targets } = await listen(t, ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const answer = answers(pathname, searchParams)
    response.statusCode = answer === undefined ? 404 : ((answer as { status?: number }).status ?? 200)
    response.end(JSON.stringify(answer ?? {}))
  })
  return { client: openClient(t, origin), targets }
}

t.test('crmObjects: a checkpoint of one account is not resumed with a token of another', async t => {
  let portalId = 1
  const results = Array.from({ length: 30 }, (_, index) => ({ id: String(index + 1), archived: false }))
  const { client } = await serve(t, path => {
    if (path === '/account-info/v3/details') return { portalId }
    return { results }
  })
  const folder = t.testdir()
  const checkpoint = { path: join(folder, 'checkpoint.json'), every: { leads: 10 } }
  const file = join(folder, 'deals.ndjson')
  const broken = crmObjects(client, 'deals', { limit: 30 })
  const failing = map((record: { id: string }) => {
    if (portalId === 1 && record.id === '25') throw new Error('stop')
    return record
  })
  await failureOf(run(broken, failing, toFile(file), { checkpoint }))
  t.ok(existsSync(checkpoint.path))
  portalId = 2
  t.match(
    await failureOf(run(crmObjects(client, 'deals', { limit: 30 }), failing, toFile(file), { checkpoint })),
    {
      code: 'CHECKPOINT',
      message: /the records are of portal 2, and those before the restart are of portal 1/,
    },
  )
})

t.test('crmObjects: a token that may not read the account reads the records all the same', async t => {
  const { client } = await serve(t, path =>
    path === '/account-info/v3/details' ? { status: 403 } : { results: [{ id: '1', archived: false }] },
  )
  const folder = t.testdir()
  const checkpoint = join(folder, 'checkpoint.json')
  const report = await run(crmObjects(client, 'deals'), toFile(join(folder, 'deals.ndjson')), { checkpoint })
  t.equal(report.read, 1)
})

t.test('crmObjects: an error in a part of a batch ends the source', async t => {
  const names = manyProperties.map(name => ({ name, type: 'string' }))
  let errors: object[] = []
  const { client } = await serve(t, path => {
    if (path.startsWith('/crm/properties/')) return { results: names }
    if (path.endsWith('/batch/read')) return { status: 207, results: [], errors }
    return { results: [{ id: '1', archived: false }] }
  })
  const read = () => crmObjects(client, 'deals', { properties: manyProperties })
  errors = [{ category: 'OBJECT_NOT_FOUND', message: 'not found', context: { ids: ['1'] } }]
  const source = read()
  t.strictSame(await source.toArray(), [])
  t.match(source.counts, { asked: 1, gone: 1 })
  errors = [{ category: 'INTERNAL', message: 'something broke' }]
  t.match(await failureOf(read().toArray()), {
    code: 'HTTP',
    message: 'the portal answered a part of the request with an error: something broke (INTERNAL)',
    context: { status: 207, url: /\/crm\/objects\/2026-09\/deals\/batch\/read$/ },
  })
})

t.test(
  'crmObjects: associations that go on without new ones end with PAGING, not in an endless loop',
  async t => {
    const to = [{ toObjectId: 7, associationTypes: [] }]
    let page = 0
    const { client } = await serve(t, path => {
      page += 1
      if (path.startsWith('/crm/associations/')) {
        return { results: [{ from: { id: '1' }, to, paging: { next: { after: String(page) } } }] }
      }
      const companies = { results: [{ id: '7', type: 'x' }], paging: { next: { after: '7' } } }
      return { results: [{ id: '1', archived: false, associations: { companies } }] }
    })
    t.match(await failureOf(crmObjects(client, 'deals', { associations: ['companies'] }).toArray()), {
      code: 'PAGING',
      message: /the associations of record 1 with companies go on after "\d+", without new ones/,
    })
  },
)

t.test("crmObjects: paging 'cursor' resumes inside of a page that others left meanwhile", async t => {
  const portal = await startPortal(t, { objects: { deals: numberedRecords(230) } })
  const client = portalClient(t, portal)
  for (const count of [30, 130, 200]) {
    const source = crmObjects(client, 'deals', { paging: 'cursor', limit: count })
    const delivered = (await source.toArray()).map(({ id }) => id)
    const from = JSON.parse(JSON.stringify(source.position))
    t.ok(from.ids.length <= 100)
    for (const id of delivered.slice(-7, -2)) portal.crm.archive('deals', id)
    const left = (await readRecords(client, 'deals')).ids.filter(id => !delivered.includes(id))
    t.strictSame((await readRecords(client, 'deals', { paging: 'cursor', from })).ids, left)
  }
})

t.test("crmObjects: paging 'cursor' ends with PAGING when the cursor leads back", async t => {
  let page = 0
  const cursors = ['a', 'b', 'c']
  const { client } = await serve(t, () => {
    page += 1
    return { results: [{ id: `x${page}` }], paging: { next: { after: cursors[page % 3] } } }
  })
  t.match(await failureOf(crmObjects(client, 'deals', { paging: 'cursor' }).toArray()), {
    code: 'PAGING',
    message: /^the list of records: paging makes no progress: the portal sent the cursor '[abc]' again$/,
  })
  t.ok(page < 10, `${page} pages`)
})

t.test('crmObjects: a record that is too large or too deep names the option', async t => {
  const record = { id: '1', properties: { a: { b: 'x'.repeat(300) } } }
  const { client } = await serve(t, () => ({ results: [record] }))
  const large = crmObjects(client, 'deals', { maxRecordBytes: 100 })
  t.match(await failureOf(large.toArray()), { code: 'DECODE', message: /larger than maxRecordBytes \(100\)/ })
  const quarantine = join(t.testdir(), 'quarantine.ndjson')
  const operator = validate<CrmRecord>({ schema: {}, onInvalid: 'quarantine', quarantine })
  await run(crmObjects(client, 'deals', { maxRecordBytes: 100 }), operator, toArray({ max: 1 }))
  t.match(readFileSync(quarantine, 'utf8'), /it is larger than maxRecordBytes \(100\)/)
  const deep = crmObjects(client, 'deals', { maxDepth: 1 })
  t.match(await failureOf(deep.toArray()), { code: 'DECODE', message: /maxDepth \(1\)/ })
})

t.test('crmObjects: an abort or a destroy at any request ends the source at once', async t => {
  const { client } = await serve(t, path =>
    path.startsWith('/crm/properties') ? { results: [{ name: 'a', type: 'string' }] } : undefined,
  )
  const reason = new Error('enough')
  const abort = new AbortController()
  const source = crmObjects(client, 'deals', { properties: ['a'], signal: abort.signal })
  const failure = failureOf(source.toArray())
  abort.abort(reason)
  t.equal(await failure, reason)
  const destroyed = crmObjects(client, 'deals', { properties: ['a'] })
  const ended = failureOf(destroyed.toArray())
  destroyed.destroy(reason)
  t.equal(await ended, reason)
})
