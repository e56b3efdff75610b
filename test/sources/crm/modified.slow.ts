import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CrmOptions, contacts, crmObjects, map, run, toFile } from '../../../lib/index.ts'
import { readRecords } from '../../support/crmRecords.ts'
import { dealsAt, hour, ids, now, portalOf, searches } from '../../support/modifiedDeals.ts'
import { portalClient } from '../../support/portalClient.ts'

t.test('modifiedAfter: 10,000 records and more of one millisecond, as after an import', async t => {
  const times = [now - 3 * hour, ...Array.from({ length: 10_450 }, () => now - 2 * hour), now - 2 * hour + 1]
  const portal = await portalOf(t, { objects: { deals: dealsAt(times) } })
  const client = portalClient(t, portal)
  const options = { modifiedAfter: now - 4 * hour, properties: ['dealname'] }
  const source = crmObjects(client, 'deals', options)
  const received: string[] = []
  let from: CrmOptions['from']
  for await (const { id } of source) {
    received.push(id)
    if (received.length === 10_100) from = JSON.parse(JSON.stringify(source.position))
  }
  t.strictSame(received, ids(1, 10_452))
  t.match(source.counts, { asked: 10_452, answered: 10_452, outside: 0, repeated: 0, unlisted: 0 })
  t.match(from, { paging: 'search', time: now - 2 * hour, id: '10100', records: 10_100 })
  t.strictSame((await readRecords(client, 'deals', { ...options, from })).ids, ids(10_101, 10_452))
  t.ok(searches(portal) < 150, `${searches(portal)} searches`)
})

t.test('modifiedAfter: a source resumes at any position', async t => {
  const times = Array.from({ length: 450 }, (_, index) => now - 9 * hour + Math.floor(index / 3))
  const portal = await portalOf(t, { objects: { deals: dealsAt(times) } })
  const client = portalClient(t, portal)
  const options = { modifiedAfter: now - 10 * hour, properties: ['dealname'] }
  const all = (await readRecords(client, 'deals', options)).ids
  t.strictSame(all, ids(1, 450))
  const source = crmObjects(client, 'deals', options)
  t.match(source.position, { paging: 'search', records: 0, modifiedAfter: now - 10 * hour })
  let count = 0
  for await (const _ of source) {
    count += 1
    if (count % 17 > 0 && count < 445) continue
    const from = JSON.parse(JSON.stringify(source.position))
    const rest = await readRecords(client, 'deals', { ...options, from })
    t.strictSame(rest.ids, all.slice(count), `after ${count}`)
  }
})

t.test(
  'modifiedAfter: a search that is unsorted, lags, has short pages and others outside loses nothing',
  async t => {
    const faults =
      'POST:unsorted; 20%:short; 20%:outside=2; 10%:cut=0.7; 10%:status=503; 5%:reset; 20%:lag=1000; 15%:lost'
    const modifiedAfter = Date.UTC(2010, 6)
    let outside = 0
    for (const faultSeed of [1, 2, 3]) {
      const portal = await portalOf(t, { leads: 2_500, faults, faultSeed })
      const client = portalClient(t, portal, { retry: { retries: 50 } })
      const properties = ['lastmodifieddate']
      const { ids, counts } = await readRecords(client, 'contacts', { modifiedAfter, properties })
      const listed = (await readRecords(client, 'contacts', { properties })).records
      const isLater = (time: unknown) => Date.parse(String(time)) > modifiedAfter
      t.strictSame(
        ids.toSorted((a, b) => Number(a) - Number(b)),
        listed.filter(record => isLater(record.properties.lastmodifieddate)).map(({ id }) => id),
      )
      outside += counts.outside ?? 0
    }
    t.ok(outside > 0, `${outside} outside`)
  },
)

t.test('modifiedAfter: an aborted run with a checkpoint continues, and its file is the same', async t => {
  const portal = await portalOf(t, { leads: 2_000 })
  const client = portalClient(t, portal)
  const folder = t.testdir()
  const [whole, file] = [join(folder, 'whole.ndjson'), join(folder, 'contacts.ndjson')]
  const options = { modifiedAfter: 0, properties: ['email'] }
  await run(contacts(client, options), toFile(whole))
  const checkpoint = { path: join(folder, 'checkpoint.json'), every: { leads: 100 } }
  let starts = 0
  while (!existsSync(file)) {
    starts += 1
    const abort = new AbortController()
    let seen = 0
    const stop = (record: unknown) => {
      seen += 1
      if (seen === 700) abort.abort()
      return record
    }
    const done = run(contacts(client, options), map(stop), toFile(file), { checkpoint, signal: abort.signal })
    await done.catch(error => {
      if (!abort.signal.aborted) throw error
    })
  }
  t.ok(starts > 1, `${starts} starts`)
  t.equal(readFileSync(file, 'utf8'), readFileSync(whole, 'utf8'))
})
