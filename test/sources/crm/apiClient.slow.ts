import t from 'tap'
import { contacts, crmObjects, forms } from '../../../lib/index.ts'
import { connected } from '../../support/connected.ts'
import { manyProperties } from '../../support/crmRecords.ts'
import { portalClient } from '../../support/portalClient.ts'

/* What leadpipe exports is compared with what HubSpot's own client reads of the same portal. */

const properties = ['email', 'firstname', 'lifecyclestage', 'num_conversion_events']

/** A record as leadpipe delivers it and as HubSpot's client reads it: times as text, nothing that is undefined. */
const plain = (record: object): Record<string, unknown> => JSON.parse(JSON.stringify(record))

/** The ids of the records of a type that a record is associated with. */
const associatedWith = (
  { associations }: { associations?: Record<string, { results: { id: string }[] }> | undefined },
  type: string,
) => associations?.[type]?.results.map(({ id }) => id)

t.test("leadpipe exports the contacts that HubSpot's client lists, with their associations", async t => {
  const { portal, client } = await connected(t, {
    leads: 730,
    objects: { companies: 20 },
    properties: { contacts: manyProperties },
  })
  const { basicApi } = client.crm.contacts
  for (const archived of [false, true]) {
    const expected: Awaited<ReturnType<typeof basicApi.getPage>>['results'] = []
    let after: string | undefined
    do {
      const page = await basicApi.getPage(100, after, properties, undefined, ['companies'], archived)
      expected.push(...page.results)
      after = page.paging?.next?.after
    } while (after !== undefined)
    t.ok(expected.length > 5)
    // By list, and by batch read, because the names of so many properties do not fit into a URL.
    for (const names of [properties, [...properties, ...manyProperties]]) {
      const options = { properties: names, associations: ['companies'], archived }
      const found = await contacts(portalClient(t, portal), options).toArray()
      t.same(
        found.map(({ id, createdAt, updatedAt, archived, properties: all }) => [
          ...[id, createdAt, updatedAt, archived],
          properties.map(name => all[name]),
        ]),
        expected.map(({ id, createdAt, updatedAt, archived, properties: all }) => [
          ...[id, createdAt.toISOString(), updatedAt.toISOString(), archived],
          properties.map(name => all[name]),
        ]),
      )
      const ids = (record: Parameters<typeof associatedWith>[0]) => associatedWith(record, 'companies')
      t.same(found.map(ids), expected.map(ids))
    }
  }
})

t.test("leadpipe exports the modified contacts that HubSpot's client finds, as it reads them", async t => {
  const { portal, client } = await connected(t, { leads: 600 })
  const { searchApi, batchApi } = client.crm.contacts
  const modifiedAfter = Date.UTC(2010, 6)
  const found: { id: string; time: string }[] = []
  let after: string | undefined
  do {
    const page = await searchApi.doSearch({
      filterGroups: [
        { filters: [{ propertyName: 'lastmodifieddate', operator: 'GT', value: String(modifiedAfter) }] },
      ] as never,
      sorts: ['lastmodifieddate'],
      properties: ['lastmodifieddate'],
      limit: 100,
      ...(after === undefined ? {} : { after }),
    })
    found.push(
      ...page.results.map(({ id, properties }) => ({ id, time: String(properties.lastmodifieddate) })),
    )
    after = page.paging?.next?.after
  } while (after !== undefined)
  t.ok(found.length > 200)
  const ids = found
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time) || Number(a.id) - Number(b.id))
    .map(({ id }) => id)
  const expected = new Map<string, unknown>()
  for (let from = 0; from < ids.length; from += 100) {
    const inputs = ids.slice(from, from + 100).map(id => ({ id }))
    const { results } = await batchApi.read({ inputs, properties, propertiesWithHistory: [] })
    for (const { id, properties } of results) expected.set(id, properties)
  }
  const source = contacts(portalClient(t, portal), { modifiedAfter, properties })
  const exported = await source.toArray()
  t.same(
    exported.map(({ id }) => id),
    ids,
  )
  for (const { id, properties: all } of exported) {
    const theirs = expected.get(id) as Record<string, string | null>
    for (const name of properties)
      if (all[name] !== theirs[name]) t.equal(all[name], theirs[name], `${id} ${name}`)
  }
})

t.test("leadpipe exports the companies with all associations that HubSpot's client reads", async t => {
  const { portal, client } = await connected(t, { leads: 1_300, objects: { companies: 3 } })
  const { basicApi } = client.crm.associations.v4
  const exported = await crmObjects(portalClient(t, portal), 'companies', {
    associations: ['contacts'],
  }).toArray()
  t.equal(exported.length, 3)
  let most = 0
  for (const { id, associations } of exported) {
    const expected: string[] = []
    let after: string | undefined
    do {
      const page = await basicApi.getPage('companies', id, 'contacts', after, 500)
      expected.push(...page.results.map(({ toObjectId }) => String(toObjectId)))
      after = page.paging?.next?.after
    } while (after !== undefined)
    most = Math.max(most, expected.length)
    t.same(associatedWith({ associations }, 'contacts')?.toSorted(), expected.toSorted())
  }
  t.ok(most > 500, `${most} associations`)
})

t.test("leadpipe exports the forms that HubSpot's client reads", async t => {
  const { portal, client } = await connected(t, { leads: 300 })
  const exported = (await forms(portalClient(t, portal)).toArray()).filter(
    ({ formType, archived }) => formType === 'hubspot' && archived !== true,
  )
  const expected = await client.marketing.forms.formsApi.getPage(undefined, 50)
  t.ok(exported.length > 0)
  t.same(
    exported
      .map(form => plain(form))
      .map(({ id, name, createdAt, updatedAt }) => [id, name, createdAt, updatedAt]),
    expected.results.map(({ id, name, createdAt, updatedAt }) => [
      ...[id, name, createdAt.toISOString(), updatedAt.toISOString()],
    ]),
  )
})
