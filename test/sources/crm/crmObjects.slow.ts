import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type CrmOptions,
  type CrmRecord,
  contacts,
  crmObjects,
  map,
  run,
  toArray,
  toFile,
} from '../../../lib/index.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { manyProperties, numberedRecords, readRecords } from '../../support/crmRecords.ts'
import { instantClock } from '../../support/instantClock.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'

t.test('crmObjects: several pages at a time give the same records as one after the other', async t => {
  const portal = await startPortal(t, { leads: 5_000, objects: { companies: 2_500 } })
  for (const type of ['contacts', 'companies']) {
    const parallel = await readRecords(portalClient(t, portal), type, { archived: 'both' })
    const single = await readRecords(portalClient(t, portal, { concurrency: 1 }), type, { archived: 'both' })
    const off = await readRecords(portalClient(t, portal), type, { archived: 'both', readAheadBytes: 0 })
    const cursor = await readRecords(portalClient(t, portal), type, { archived: 'both', paging: 'cursor' })
    t.strictSame(parallel.records, single.records, type)
    t.strictSame(off.ids, single.ids)
    t.strictSame(cursor.ids, single.ids)
    const least = single.counts.requests
    t.ok(
      parallel.counts.requests <= 1.04 * least + 3,
      `${parallel.counts.requests} instead of ${least} requests`,
    )
  }
})

for (const paging of ['id', 'cursor'] as const) {
  t.test(`crmObjects: a source resumes at any position, paging: ${paging}`, async t => {
    const portal = await startPortal(t, {
      objects: { deals: numberedRecords(230) },
      properties: { deals: manyProperties },
    })
    const all = [...portal.crm.ids('deals')]
    for (const id of all.slice(100, 130)) portal.crm.archive('deals', id)
    const client = portalClient(t, portal)
    for (const properties of [undefined, manyProperties]) {
      const options: CrmOptions = { paging, archived: 'both', properties }
      const { ids } = await readRecords(client, 'deals', options)
      t.equal(ids.length, 230)
      const source = crmObjects(client, 'deals', options)
      let count = 0
      for await (const { id } of source) {
        t.equal(id, ids[count])
        count += 1
        if (count % 13 > 0 && count < 225) continue
        const from = JSON.parse(JSON.stringify(source.position))
        const rest = await readRecords(client, 'deals', { ...options, from })
        t.strictSame(rest.ids, ids.slice(count), `after ${count}`)
      }
    }
  })
}

t.test('crmObjects: pages that are cut off, delayed or refused lose nothing', async t => {
  const faults = '20%:cut=0.7; 10%:status=503; 10%:reset; 15%:short; 5%:status=429'
  const portal = await startPortal(t, {
    leads: 1_200,
    properties: { contacts: manyProperties },
    faults,
    faultSeed: 7,
  })
  const expected = [...portal.crm.ids('contacts')]
  const client = openClient(
    t,
    portal.origin,
    { accessToken: portal.accessToken, retry: { retries: 50 } },
    instantClock,
  )
  for (const properties of [undefined, manyProperties])
    for (const paging of ['id', 'cursor'] as const)
      t.strictSame((await readRecords(client, 'contacts', { properties, paging })).ids, expected)
})

t.test('crmObjects: an aborted run with a checkpoint continues, and its file is the same', async t => {
  const portal = await startPortal(t, { leads: 2_000, properties: { contacts: manyProperties } })
  const client = portalClient(t, portal)
  const folder = t.testdir()
  const [whole, file] = [join(folder, 'whole.ndjson'), join(folder, 'contacts.ndjson')]
  for (const properties of [['email', 'lastname'], manyProperties]) {
    const options: CrmOptions = { properties, archived: 'both' }
    await run(crmObjects(client, 'contacts', options), toFile(whole))
    const checkpoint = { path: join(folder, `${properties.length}.json`), every: { leads: 100 } }
    let starts = 0
    for (let isDone = false; !isDone; starts += 1) {
      const abort = new AbortController()
      let seen = 0
      const source = crmObjects(client, 'contacts', options)
      const stop = (record: unknown) => {
        seen += 1
        if (seen === 700) abort.abort()
        return record
      }
      try {
        const report = await run(source, map(stop), toFile(file), { checkpoint, signal: abort.signal })
        isDone = true
        t.equal(report.read, readFileSync(file, 'utf8').trimEnd().split('\n').length)
      } catch (error) {
        if (!abort.signal.aborted) throw error
      }
    }
    t.ok(starts > 1, `${starts} starts`)
    t.equal(readFileSync(file, 'utf8'), readFileSync(whole, 'utf8'))
  }
})

t.test('crmObjects: 500 properties are read by batch read, the same records in the same order', async t => {
  const portal = await startPortal(t, {
    objects: { companies: numberedRecords(350) },
    properties: { companies: manyProperties },
  })
  const ids = [...portal.crm.ids('companies')]
  for (const [index, id] of ids.entries())
    portal.crm.update('companies', id, { [manyProperties[index % 500] ?? '']: index })
  const client = portalClient(t, portal)
  for (const properties of [manyProperties, 'all'] as const) {
    const { records, counts } = await readRecords(client, 'companies', { properties })
    t.strictSame(
      records.map(({ id }) => id),
      ids,
    )
    t.equal(counts.requests, 1 + 2 * 4)
    t.match(counts, { asked: 350, answered: 350, merged: 0, gone: 0 })
    for (const [index, record] of records.entries())
      t.equal(record.properties[manyProperties[index % 500] ?? ''], String(index))
    const names = Object.keys(records[0]?.properties ?? {})
    t.equal(names.includes('hs_merged_object_ids'), properties === 'all')
  }
})

t.test(
  'crmObjects: records that are merged, archived or deleted between list and batch read are counted',
  async t => {
    const portal = await startPortal(t, {
      leads: 600,
      properties: { contacts: manyProperties },
      faults: 'every=1:merge=20; every=1:archive=10',
    })
    const before = [...portal.crm.ids('contacts')]
    const source = contacts(portalClient(t, portal), { properties: manyProperties })
    const sink = toArray<CrmRecord>({ max: 2_000 })
    await run(source, sink)
    const delivered = sink.records.map(({ id }) => id)
    const after = new Set(portal.crm.ids('contacts'))
    t.strictSame(
      delivered,
      [...new Set(delivered)].toSorted((a, b) => Number(a) - Number(b)),
      'once, ascending',
    )
    t.strictSame(
      before.filter(id => after.has(id) && !delivered.includes(id)),
      [],
      'all that exist throughout',
    )
    const { asked = 0, answered = 0, merged = 0, gone = 0 } = source.counts
    t.equal(asked, answered + merged + gone)
    t.equal(answered, delivered.length)
    t.ok(merged > 0 && gone > 0, `${merged} merged, ${gone} gone`)
  },
)
