import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CrmOptions, contacts, crmObjects, run, toFile } from '../../../lib/index.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { readRecords } from '../../support/crmRecords.ts'
import { failureOf } from '../../support/failureOf.ts'
import { dealsAt, hour, modified, now, portalOf, searches } from '../../support/modifiedDeals.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'

t.test('modifiedAfter: deals in the order of their modification, as the list has them', async t => {
  const times = Array.from({ length: 700 }, (_, index) => now - 2 * hour - ((index * 7_919) % 700) * 1_000)
  const portal = await portalOf(t, { objects: { deals: dealsAt(times) } })
  const client = portalClient(t, portal)
  const modifiedAfter = now - 2 * hour - 400_000
  const options = { properties: ['dealname', 'hs_lastmodifieddate'] }
  const { records, counts } = await readRecords(client, 'deals', { ...options, modifiedAfter })
  const all = (await readRecords(client, 'deals', options)).records
  const timeOf = ({ properties }: { properties: object }) =>
    Date.parse((properties as { hs_lastmodifieddate: string }).hs_lastmodifieddate)
  t.strictSame(
    records,
    all.filter(record => timeOf(record) > modifiedAfter).toSorted((a, b) => timeOf(a) - timeOf(b)),
  )
  t.equal(records.length, 400)
  t.match(counts, { asked: 400, answered: 400, merged: 0, gone: 0, outside: 0, repeated: 0, unlisted: 0 })
  // One search without an end, which says what the server's time is, and three for 400 records.
  t.equal(searches(portal), 4)
  t.strictSame((await readRecords(client, '0-3', { ...options, modifiedAfter })).records, records)
})

t.test('modifiedAfter: contacts have a property of their own for the time', async t => {
  const portal = await portalOf(t, { leads: 800 })
  const client = portalClient(t, portal)
  const listed = await contacts(client, { properties: ['lastmodifieddate'] }).toArray()
  const timeOf = ({ properties }: { properties: { lastmodifieddate: string | null } }) =>
    Date.parse(properties.lastmodifieddate ?? '')
  const expected = listed
    .toSorted((a, b) => timeOf(a) - timeOf(b) || Number(a.id) - Number(b.id))
    .map(({ id }) => id)
  for (const type of ['contacts', '0-1'])
    t.strictSame((await readRecords(client, type, { modifiedAfter: 0, lag: 0 })).ids, expected, type)
})

t.test('modifiedAfter: without properties, records have those that the list has', async t => {
  const portal = await portalOf(t, { leads: 50, objects: { deals: 0 } })
  const client = portalClient(t, portal)
  const { records } = await readRecords(client, 'contacts', { modifiedAfter: 0, lag: 0 })
  const listed = (await readRecords(client, 'contacts')).records
  t.strictSame(
    records.toSorted((a, b) => Number(a.id) - Number(b.id)),
    listed,
  )
  t.strictSame((await readRecords(client, 'deals', { modifiedAfter: 0 })).ids, [])
})

t.test('modifiedAfter: bounds are numbers or Dates; the end is the server time minus the lag', async t => {
  const times = [-4, -3, -2, -1, 0].map(hours => now + hours * hour)
  const portal = await portalOf(t, {
    objects: { deals: [...dealsAt(times), { id: 9, properties: modified(now - hour + 1) }] },
  })
  const client = portalClient(t, portal)
  const read = async (options: CrmOptions) => (await readRecords(client, 'deals', options)).ids
  t.strictSame(await read({ modifiedAfter: new Date(now - 4 * hour) }), ['2', '3', '4'])
  t.strictSame(await read({ modifiedAfter: now - 4 * hour, lag: 0 }), ['2', '3', '4', '9', '5'])
  t.strictSame(await read({ modifiedBefore: new Date(now - 2 * hour) }), ['1', '2', '3'])
  t.strictSame(await read({ modifiedAfter: now - 3 * hour, modifiedBefore: now + hour, limit: 1 }), ['3'])
  t.strictSame(await read({ modifiedAfter: now }), [])
})

t.test('modifiedAfter: associations, history and types are those of the list', async t => {
  const portal = await portalOf(t, { leads: 300, objects: { deals: 120 } })
  const client = portalClient(t, portal)
  for (const given of [
    { properties: ['amount', 'closedate'], types: true },
    { propertiesWithHistory: ['dealstage'] },
  ]) {
    const options: CrmOptions = { ...given }
    const listed = (await readRecords(client, 'deals', options)).records
    const found = (await readRecords(client, 'deals', { ...options, modifiedAfter: 0, lag: 0 })).records
    t.strictSame(
      found.toSorted((a, b) => Number(a.id) - Number(b.id)),
      listed,
    )
  }
  const associations = ['contacts']
  const targets = (records: Awaited<ReturnType<typeof readRecords>>['records']) =>
    new Map(records.map(({ id, associations }) => [id, associations?.contacts?.results.map(({ id }) => id)]))
  const listed = targets((await readRecords(client, 'deals', { associations })).records)
  const found = targets(
    (await readRecords(client, 'deals', { associations, modifiedAfter: 0, lag: 0 })).records,
  )
  t.same([...found].toSorted(), [...listed].toSorted())
})

t.test('modifiedAfter: records that are merged or archived before they are read are counted', async t => {
  const portal = await portalOf(t, { leads: 900, faults: 'every=3:merge=5; every=3:archive=3' })
  const before = [...portal.crm.ids('contacts')]
  const source = contacts(portalClient(t, portal), { modifiedAfter: 0, lag: 0, properties: ['email'] })
  const received = (await source.toArray()).map(({ id }) => id)
  const after = new Set(portal.crm.ids('contacts'))
  t.equal(new Set(received).size, received.length)
  t.strictSame(
    before.filter(id => after.has(id) && !received.includes(id)),
    [],
  )
  const { asked, answered, merged, gone } = source.counts
  t.equal(asked, answered + merged + gone)
  t.ok(merged > 0 && gone > 0, `${merged} merged, ${gone} gone`)
  const survivors = received.length - answered
  t.ok(survivors > 0 && survivors <= merged, `${survivors} records that others were merged into`)
})

t.test("modifiedAfter: whenFinished: 'next' reads what was modified since, with an overlap", async t => {
  let time = now
  const portal = await startPortal(t, {
    now: () => time,
    rateLimit: { search: 1_000_000 },
    objects: { deals: dealsAt([now - 3 * hour, now - 2 * hour, now - hour, now - 1_000]) },
  })
  const folder = t.testdir()
  const file = join(folder, 'deals.ndjson')
  const night = async (overlap: number) => {
    const source = crmObjects(portalClient(t, portal), 'deals', { modifiedAfter: now - 3 * hour })
    const checkpoint = { path: join(folder, 'deals.json'), whenFinished: 'next', overlap } as const
    const report = await run(source, toFile(file), { checkpoint })
    const text = readFileSync(file, 'utf8')
    renameSync(file, join(folder, `${time}.ndjson`))
    t.equal(report.read, text.split('\n').length - 1)
    return text.split('\n').flatMap(line => (line === '' ? [] : (JSON.parse(line) as { id: string }).id))
  }
  t.strictSame(await night(0), ['2', '3'])
  time += 24 * hour
  portal.crm.update('deals', '1', modified(time - 2 * hour))
  t.strictSame(await night(0), ['4', '1'])
  time += 24 * hour
  t.strictSame(await night(24 * hour), ['4', '1'], 'the overlap')
  time += 24 * hour
  t.strictSame(await night(0), [])
  t.equal(readdirSync(folder).filter(name => name.endsWith('.ndjson')).length, 4)
})

t.test(
  'modifiedAfter: what an index that lags does not have yet is in the next range, or in the overlap',
  async t => {
    const minute = 60_000
    const nights = async (lag: number, overlap: number) => {
      let time = now
      const portal = await startPortal(t, {
        now: () => time,
        rateLimit: { search: 1_000_000 },
        searchLag: 30 * minute,
        objects: { deals: dealsAt([now - 2 * hour, now - 20 * minute]) },
      })
      const folder = t.testdir()
      const found: string[][] = []
      for (const night of [0, 1]) {
        time = now + night * 24 * hour
        const file = join(folder, `${night}.ndjson`)
        const source = crmObjects(portalClient(t, portal), 'deals', { modifiedAfter: now - 3 * hour, lag })
        const checkpoint = { path: join(folder, 'deals.json'), whenFinished: 'next', overlap } as const
        await run(source, toFile(join(folder, 'deals.ndjson')), { checkpoint })
        renameSync(join(folder, 'deals.ndjson'), file)
        const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
        found.push(lines.map(line => (JSON.parse(line) as { id: string }).id))
      }
      return found
    }
    t.strictSame(await nights(hour, 0), [['1'], ['2']], 'the list ends before what the index lacks')
    t.strictSame(await nights(10 * minute, hour), [['1'], ['2']], 'the overlap finds it')
    t.strictSame(await nights(10 * minute, 0), [['1'], []], 'a lag that is too small loses it')
  },
)

t.test('modifiedAfter: reconcile compares with what search finds in the same range of time', async t => {
  const portal = await portalOf(t, { objects: { deals: dealsAt([-4, -3, -2, 0].map(n => now + n * hour)) } })
  const source = crmObjects(portalClient(t, portal), 'deals', { modifiedAfter: now - 4 * hour })
  const report = await run(source, toFile(join(t.testdir(), 'deals.ndjson')), { reconcile: true })
  t.match(report.reconciliation, { matching: 2, delivered: 2 })
})

t.test('modifiedAfter: options that contradict it are refused', async t => {
  const client = openClient(t, 'http://127.0.0.1:1')
  const wrong: [options: CrmOptions, message: RegExp][] = [
    [{ modifiedAfter: -1 }, /modifiedAfter: expected milliseconds since 1970/],
    [{ modifiedAfter: new Date('x') }, /modifiedAfter: expected a Date that is valid/],
    [{ modifiedAfter: 2, modifiedBefore: 1 }, /modifiedBefore: expected 2 or later/],
    [{ modifiedAfter: 1, archived: 'both' }, /archived: expected false .*search does not find archived/],
    [{ modifiedBefore: 1, paging: 'id' }, /paging: expected none with modifiedBefore/],
    [{ lag: 1 }, /lag: expected none, received 1; it belongs to lists with modifiedAfter/],
    [
      { modifiedAfter: 1, from: { paging: 'id', records: 0 } },
      /from: expected a position of a list with modified/,
    ],
    [{ from: { paging: 'search', records: 0 } }, /from: expected a position of a list without modified/],
    [{ startTime: 1 } as CrmOptions, /it is called modifiedAfter/],
  ]
  for (const [options, message] of wrong)
    t.throws(() => crmObjects(client, 'deals', options), { code: 'OPTION', message }, JSON.stringify(options))
  const source = crmObjects(client, 'deals', { modifiedAfter: 1, modifiedBefore: 2 })
  const checkpoint = { path: join(t.testdir(), 'c.json'), whenFinished: 'next' } as const
  t.match(await failureOf(run(source, toFile(join(t.testdir(), 'deals.ndjson')), { checkpoint })), {
    code: 'OPTION',
    message: /modifiedBefore/,
  })
})
