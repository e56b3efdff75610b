import t from 'tap'
import { connected } from '../support/connected.ts'
import { idsOf, readList } from './helpers/crm.ts'
import { getAll } from './helpers/getJson.ts'

/*
 * HubSpot's own client, unmodified, reads the portal: a witness of the CRM APIs that shares nothing with the portal.
 */

const properties = ['email', 'firstname', 'lifecyclestage', 'num_conversion_events']

t.test("HubSpot's client: lists all contacts, page by page, with their associations", async t => {
  const { portal, client } = await connected(t, { leads: 230, objects: { companies: 20 } })
  const { basicApi } = client.crm.contacts
  for (const archived of [false, true]) {
    const all: { id: string; properties: object; createdAt: Date; archived?: boolean }[] = []
    let after: string | undefined
    do {
      const page = await basicApi.getPage(100, after, properties, undefined, ['companies'], archived)
      all.push(...page.results)
      after = page.paging?.next?.after
    } while (after !== undefined)
    const query = `limit=100&properties=${properties}&archived=${archived}`
    const own = (await readList(portal, `/crm/v3/objects/contacts?${query}`)).flatMap(
      ({ results }) => results,
    )
    t.ok(own.length > 0)
    t.same(
      all.map(({ id, properties, createdAt, archived }) => [
        id,
        properties,
        createdAt.toISOString(),
        archived,
      ]),
      own.map(({ id, properties, createdAt, archived }) => [id, properties, createdAt, archived]),
    )
  }
  const contacts = await client.crm.contacts.getAll(100, undefined, properties)
  t.equal(contacts.length, portal.crm.count('contacts'))
  const [first] = (await basicApi.getPage(1, undefined, [], ['lifecyclestage'], ['companies'])).results
  t.match(first?.propertiesWithHistory, {
    lifecyclestage: [{ value: /lead|customer/, sourceType: 'CRM_UI' }],
  })
  t.match(first?.associations?.companies?.results[0], { type: 'contact_to_company' })
  t.equal((await basicApi.getById(first?.id ?? '')).id, first?.id)
  await t.rejects(basicApi.getById('5'), { code: 404 })
})

t.test("HubSpot's client: searches, and reads batches, whole and in part", async t => {
  const { client } = await connected(t, { leads: 300 })
  const { searchApi, batchApi } = client.crm.contacts
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await searchApi.doSearch({
      filterGroups: [
        {
          filters: [
            { propertyName: 'lastmodifieddate', operator: 'GTE', value: String(Date.UTC(2010, 6)) },
            { propertyName: 'lifecyclestage', operator: 'EQ', value: 'lead' },
          ],
        },
      ] as never,
      sorts: ['lastmodifieddate'],
      properties,
      limit: 100,
      ...(after === undefined ? {} : { after }),
    })
    for (const { id, properties } of page.results) {
      ids.push(id)
      t.equal(properties.lifecyclestage, 'lead')
    }
    after = page.paging?.next?.after
    if (after === undefined) t.equal(page.total, ids.length)
  } while (after !== undefined)
  t.ok(ids.length > 100)
  const inputs = ids.slice(0, 100).map(id => ({ id }))
  const whole = await batchApi.read({ inputs, properties, propertiesWithHistory: [] })
  t.same(
    whole.results.map(({ id }) => id),
    ids.slice(0, 100),
  )
  const part = await batchApi.read({
    inputs: [...inputs.slice(0, 2), { id: '5' }],
    properties,
    propertiesWithHistory: [],
  })
  t.match(part, { status: 'COMPLETE', numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND' }] })
  t.equal(part.results.length, 2)
})

t.test("HubSpot's client: reads properties, other objects, and their associations", async t => {
  const { portal, client } = await connected(t, {
    leads: 1_300,
    objects: { companies: 20, '2-5': [{ id: 1, properties: { name: 'x' } }] },
    properties: { contacts: ['colour'] },
  })
  const { results } = await client.crm.properties.coreApi.getAll('contacts')
  const colour = results.find(({ name }) => name === 'colour')
  t.match(colour, { type: 'string', hubspotDefined: false })
  t.match(await client.crm.objects.basicApi.getPage('2-5', 10, undefined, ['name']), {
    results: [{ id: '1', properties: { name: 'x' } }],
  })
  const companies = await client.crm.companies.getAll()
  t.same(
    companies.map(({ id }) => id),
    [...portal.crm.ids('companies')],
  )
  const [company = ''] = companies.map(({ id }) => id)
  const { batchApi, basicApi } = client.crm.associations.v4
  const batch = await batchApi.getPage('companies', 'contacts', { inputs: [{ id: company }] })
  t.equal(batch.results[0]?.to.length, 500)
  const all: string[] = []
  let after: string | undefined
  do {
    const page = await basicApi.getPage('companies', company, 'contacts', after, 500)
    all.push(...page.results.map(({ toObjectId }) => String(toObjectId)))
    after = page.paging?.next?.after
  } while (after !== undefined)
  t.same(
    batch.results[0]?.to.map(({ toObjectId }) => String(toObjectId)),
    all.slice(0, 500),
  )
  t.ok(all.length > 1_000)
  t.equal(new Set(all).size, all.length)
  const contacts = new Set((await readList(portal, '/crm/v3/objects/contacts?limit=100')).flatMap(idsOf))
  t.ok(all.every(id => contacts.has(id)))
})

t.test("HubSpot's client: is told of a missing scope", async t => {
  const { client } = await connected(t, { leads: 3, scopes: ['crm.objects.contacts.read'] })
  t.equal((await client.crm.contacts.basicApi.getPage()).results.length, 2)
  await t.rejects(client.crm.companies.basicApi.getPage(), {
    code: 403,
    body: { category: 'MISSING_SCOPES', errors: [{ context: {} }] },
  })
})

t.test("HubSpot's client: reads forms in pages", async t => {
  const { portal, client } = await connected(t, { leads: 300 })
  const read = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    // It can't read forms of other types than hubspot: it has no class for them.
    const page = await client.marketing.forms.formsApi.getPage(after || undefined, 1)
    read.push(...page.results)
    after = page.paging?.next?.after
  }
  const expected = await getAll(portal, '/marketing/v3/forms')
  t.same(
    read.map(({ id, name, createdAt }) => ({ id, name, createdAt: createdAt.toISOString() })),
    expected.map(({ id, name, createdAt }) => ({ id, name, createdAt })),
  )
  t.same(
    read.map(({ fieldGroups }) => fieldGroups.flatMap(group => group.fields?.map(field => field.label))),
    expected.map(({ fieldGroups }) =>
      fieldGroups.flatMap(({ fields }: { fields: { label: string }[] }) => fields.map(({ label }) => label)),
    ),
  )
})

t.test("HubSpot's client: refreshes a token, looks it up, and is told of a wrong refresh token", async t => {
  const { portal, client } = await connected(t, { leads: 5, tokenLifetime: 60_000 })
  const refresh = (refreshToken: string) =>
    client.oauth.tokensApi.create('refresh_token', undefined, undefined, 'id', 'secret', refreshToken)
  const { accessToken, expiresIn, refreshToken } = await refresh(portal.refreshToken)
  t.same([expiresIn, refreshToken], [60, portal.refreshToken])
  t.match(await client.oauth.accessTokensApi.get(accessToken), { token: accessToken, hubId: 62515 })
  await t.rejects(refresh('other'), { code: 400, body: { status: 'BAD_REFRESH_TOKEN' } })
  client.setAccessToken(accessToken)
  const details = await client.apiRequest({ path: '/account-info/v3/details' })
  t.match(await details.json(), { portalId: 62515, timeZone: 'UTC' })
})
