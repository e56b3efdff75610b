import fc from 'fast-check'
import t from 'tap'
import type { Portal } from '../../lib/portal/index.ts'
import { type CrmPage, crmJson, idsOf, readList, requestCrm } from './helpers/crm.ts'
import { refusalOf } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

const path = '/crm/objects/2026-09/contacts/search'
const unlimited = { search: 100_000_000 }

type Filter = {
  propertyName: string
  operator: string
  value?: string
  highValue?: string
  values?: string[]
}

const search = (portal: Portal, body: object) => crmJson<CrmPage>(portal, path, body)

/** A search by filters that must all match. */
const searchBy = (portal: Portal, filters: Filter[], more: object = {}) =>
  search(portal, { filterGroups: [{ filters }], limit: 200, ...more })

/** A second, simple implementation of the filters, over the records of a list. */
function matches(
  value: string | null | undefined,
  filter: Filter,
  isTime: boolean,
  isNumber: boolean,
): boolean {
  const { operator, values = [] } = filter
  const has = value !== null && value !== undefined
  const key = (text: string): string | number => {
    if (isTime) return /^\d+$/.test(text) ? Number(text) : Date.parse(text)
    return isNumber ? Number(text) : text.toLowerCase()
  }
  const mine = key(value ?? '')
  const [low, high] = [key(filter.value ?? ''), key(filter.highValue ?? '')]
  switch (operator) {
    case 'EQ':
      return has && mine === low
    case 'NEQ':
      return !has || mine !== low
    case 'LT':
      return has && mine < low
    case 'LTE':
      return has && mine <= low
    case 'GT':
      return has && mine > low
    case 'GTE':
      return has && mine >= low
    case 'BETWEEN':
      return has && mine >= low && mine <= high
    case 'IN':
      return has && values.some(one => key(one) === mine)
    case 'NOT_IN':
      return !has || !values.some(one => key(one) === mine)
    case 'HAS_PROPERTY':
      return has
    default:
      return !has
  }
}

t.test('portal search: any filters find the records that a simple implementation finds', async t => {
  const portal = await startPortal(t, { leads: 120, seed: 4, rateLimit: unlimited })
  const kinds = {
    createdate: 'time',
    lastmodifieddate: 'time',
    closedate: 'time',
    hs_object_id: 'number',
    hubspotscore: 'number',
    num_unique_conversion_events: 'number',
    lifecyclestage: 'text',
    city: 'text',
    firstname: 'text',
  }
  const names = Object.keys(kinds) as (keyof typeof kinds)[]
  const listed = await readList(portal, `/crm/v3/objects/contacts?limit=100&properties=${names}`)
  const records = listed.flatMap(({ results }) => results)
  const anyFilter = fc.constantFrom(...names).chain(propertyName => {
    const known = [...new Set(records.map(({ properties }) => properties[propertyName]))].filter(
      value => value !== null && value !== undefined,
    )
    const asDigits = (text: string) => (kinds[propertyName] === 'time' ? String(Date.parse(text)) : text)
    const value = fc.constantFrom(...known, ...known.map(asDigits))
    const needs = (operators: string[], rest: Record<string, fc.Arbitrary<unknown>>) =>
      fc.record({ propertyName: fc.constant(propertyName), operator: fc.constantFrom(...operators), ...rest })
    return fc.oneof(
      needs(['EQ', 'NEQ', 'LT', 'LTE', 'GT', 'GTE'], { value }),
      needs(['BETWEEN'], { value, highValue: value }),
      needs(['IN', 'NOT_IN'], { values: fc.array(value, { minLength: 1, maxLength: 5 }) }),
      needs(['HAS_PROPERTY', 'NOT_HAS_PROPERTY'], {}),
    ) as fc.Arbitrary<Filter>
  })
  const anyGroups = fc.array(fc.array(anyFilter, { minLength: 1, maxLength: 3 }), { maxLength: 3 })
  const anySort = fc.constantFrom('createdate', 'lastmodifieddate', 'hs_object_id')
  await fc.assert(
    fc.asyncProperty(anyGroups, anySort, fc.boolean(), async (groups, propertyName, isDescending) => {
      const wanted = records.filter(
        ({ properties }) =>
          groups.length === 0 ||
          groups.some(filters =>
            filters.every(filter => {
              const kind = kinds[filter.propertyName as keyof typeof kinds]
              return matches(properties[filter.propertyName], filter, kind === 'time', kind === 'number')
            }),
          ),
      )
      const keyOf = ({ properties, id }: (typeof records)[number]) =>
        propertyName === 'hs_object_id' ? Number(id) : Date.parse(properties[propertyName] ?? '')
      // The list is in the order of the ids, and the sort is stable.
      wanted.sort((a, b) => keyOf(a) - keyOf(b))
      if (isDescending) wanted.reverse()
      const found = await search(portal, {
        filterGroups: groups.map(filters => ({ filters })),
        sorts: [{ propertyName, direction: isDescending ? 'DESCENDING' : 'ASCENDING' }],
        limit: 200,
      })
      t.same([found.total, idsOf(found)], [wanted.length, wanted.map(({ id }) => id)])
    }),
    { numRuns: 80, seed: 6 },
  )
})

t.test('portal search: pages by an offset as text, up to 10,000 records', async t => {
  const count = 10_050
  const leads = Array.from({ length: count }, (_, n) => ({ guid: `g${n}`, insertedAt: n, lastModifiedAt: 7 }))
  const portal = await startPortal(t, { leads, rateLimit: unlimited })
  const body = (after: unknown, limit = 200) => ({
    limit,
    after,
    sorts: [{ propertyName: 'lastmodifieddate' }],
  })
  const ids: string[] = []
  for (let after: string | undefined = '0'; after !== undefined && after !== '10000'; ) {
    const page: CrmPage = await search(portal, body(after))
    t.equal(page.total, count, 'the total is that of all matches')
    ids.push(...idsOf(page))
    after = page.paging?.next.after
  }
  t.equal(new Set(ids).size, 10_000)
  for (const [after, limit] of [
    ['10000', 1],
    [9_801, 200],
  ] as const) {
    const reply = await requestCrm(portal, path, body(after, limit))
    t.equal(
      refusalOf(reply),
      '400 There was a problem with the request: after + limit must not be above 10000',
    )
  }
  const rest = await searchBy(portal, [
    { propertyName: 'lastmodifieddate', operator: 'EQ', value: '7' },
    { propertyName: 'hs_object_id', operator: 'GT', value: ids.at(-1) ?? '' },
  ])
  t.equal(rest.total, 50, 'ties beyond the end are found by id')
  t.notOk('paging' in rest)
  t.equal((await search(portal, {})).results.length, 10)
})

t.test('portal search: tokens, texts and sorts by any property', async t => {
  const people = [
    { firstName: 'Ann', email: 'ann@a.example', score: 9 },
    { firstName: 'bob', email: 'bob@b.example', score: 10 },
    { firstName: '', email: 'carl-ann@b.example' },
    { firstName: 'Dora', email: 'dora@a.example', score: 1, isDeleted: true },
  ]
  const portal = await startPortal(t, {
    leads: people.map((person, n) => ({ guid: `g${n}`, insertedAt: n + 1, ...person })),
    rateLimit: unlimited,
  })
  const [ann, bob, carl] = ['100051', '100102', '100153']
  const found = async (...args: Parameters<typeof searchBy> extends [Portal, ...infer R] ? R : never) =>
    idsOf(await searchBy(portal, ...args))
  const token = (value: string, operator = 'CONTAINS_TOKEN') => [{ propertyName: 'email', operator, value }]
  t.same(await found(token('ann')), [ann, carl])
  t.same(await found(token('*@b.example')), [bob, carl])
  t.same(await found(token('an')), [])
  t.same(await found(token('an*', 'NOT_CONTAINS_TOKEN')), [bob])
  const sorted = (propertyName: string, direction: string) =>
    found([], { sorts: [{ propertyName, direction }] })
  t.same(await sorted('firstname', 'ASCENDING'), [ann, bob, carl], 'records without a value are last')
  t.same(await sorted('firstname', 'DESCENDING'), [bob, ann, carl])
  t.same(await sorted('hubspotscore', 'ASCENDING'), [ann, bob, carl], 'by number')
  t.same(await found([], { query: 'ANN' }), [ann, carl])
  t.same(await found([], { query: 'ann', limit: 1, after: '1' }), [carl])
  t.same(
    (await search(portal, { properties: ['email', 'nonsense'], limit: 1 })).results[0]?.properties.email,
    'ann@a.example',
  )
})

t.test('portal search: a wrong body is refused with 400', async t => {
  const portal = await startPortal(t, { leads: 3, rateLimit: unlimited })
  const filter = (more: object) => ({
    filterGroups: [{ filters: [{ propertyName: 'createdate', ...more }] }],
  })
  const one = { propertyName: 'city', operator: 'HAS_PROPERTY' }
  const most = 'expected at most 5 groups of 6 filters, 18 in all'
  const cases: [body: unknown, message: string | RegExp][] = [
    [{ limit: 201 }, 'Invalid limit: expected at most 200, got 201'],
    [{ limit: -1 }, 'Invalid limit: expected a whole number, got -1'],
    [{ after: 'x' }, 'Invalid after: expected a whole number, got "x"'],
    [{ sorts: [{ propertyName: 'a' }, { propertyName: 'b' }] }, 'Invalid sorts: expected at most one'],
    [{ sorts: ['nope'] }, 'There was a problem with the request: contacts have no property nope'],
    [
      { sorts: [{ propertyName: 'city', direction: 'UP' }] },
      'Invalid direction: expected ASCENDING or DESCENDING',
    ],
    [{ filterGroups: [5] }, 'Invalid input JSON: filterGroups: expected an array of objects'],
    [{ filterGroups: Array(6).fill({ filters: [] }) }, `Invalid filterGroups: ${most}`],
    [{ filterGroups: [{ filters: Array(7).fill(one) }] }, `Invalid filterGroups: ${most}`],
    [filter({ operator: 'LIKE' }), /^Invalid operator: expected one of EQ, NEQ, /],
    [filter({ operator: 'GT' }), 'Invalid filter: createdate expects a text, got undefined'],
    [filter({ operator: 'GT', value: 'soon' }), 'Invalid filter: createdate expects a datetime, got soon'],
    [filter({ operator: 'IN', value: '5' }), 'Invalid filter: IN of createdate expects values'],
    [filter({ operator: 'BETWEEN', value: '5' }), 'Invalid filter: createdate expects a text, got undefined'],
    [
      filter({ propertyName: 'hs_object_id', operator: 'GT', value: '-1' }),
      'Invalid filter: hs_object_id expects a number, got -1',
    ],
    [filter({ propertyName: 'x', operator: 'HAS_PROPERTY' }), /have no property x$/],
  ]
  for (const [body, message] of cases) {
    const text = refusalOf(await requestCrm(portal, path, body))
    t.match(
      text,
      message instanceof RegExp ? new RegExp(message.source.replace('^', '^400 ')) : `400 ${message}`,
    )
  }
})

t.test(
  'portal search: the lag hides what was modified within it, and other types are searched alike',
  async t => {
    let now = 10_000
    const portal = await startPortal(t, {
      leads: [
        { guid: 'a', insertedAt: 1, lastModifiedAt: 4_000 },
        { guid: 'b', insertedAt: 2, lastModifiedAt: 4_001 },
      ],
      objects: {
        '2-7': Array.from({ length: 30 }, (_, n) => ({
          id: 1_000 - n,
          properties: { createdate: n, hs_lastmodifieddate: n },
        })),
      },
      searchLag: 6_000,
      now: () => now,
      rateLimit: unlimited,
    })
    t.same(idsOf(await search(portal, {})), ['100051'])
    now = 10_001
    t.same(idsOf(await search(portal, {})), ['100051', '100102'])
    const objects = await crmJson<CrmPage>(portal, '/crm/v3/objects/2-7/search', {
      filterGroups: [
        {
          filters: [
            { propertyName: 'hs_lastmodifieddate', operator: 'BETWEEN', value: '10', highValue: '14' },
          ],
        },
      ],
      sorts: [{ propertyName: 'hs_object_id', direction: 'DESCENDING' }],
      limit: 3,
    })
    t.same([objects.total, ...idsOf(objects)], [5, '990', '989', '988'])
    t.equal(objects.paging?.next.after, '3')
  },
)

t.test('portal search: five in any second, without headers, and not counted with other requests', async t => {
  let now = 0
  const portal = await startPortal(t, {
    leads: 3,
    objects: { companies: 2 },
    rateLimit: { tenSecondly: 2, associations: 1, daily: 9 },
    now: () => now,
  })
  for (let n = 0; n < 5; n++) {
    const { status, headers } = await requestCrm(portal, path, {})
    t.equal(status, 200)
    t.notOk(Object.keys(headers).some(name => name.startsWith('x-hubspot-ratelimit')))
  }
  const refused = await requestCrm(portal, path, {})
  t.equal(refused.status, 429)
  t.match(JSON.parse(refused.body.toString()), {
    message: 'You have reached your secondly limit.',
    policyName: 'SECONDLY',
    groupName: 'publicapi:crm:search',
  })
  const associations = '/crm/v4/associations/contacts/companies/batch/read'
  const first = await requestCrm(portal, associations, { inputs: [] })
  t.match(first, {
    status: 200,
    headers: { 'x-hubspot-ratelimit-max': '1', 'x-hubspot-ratelimit-remaining': '0' },
  })
  t.match(JSON.parse((await requestCrm(portal, associations, { inputs: [] })).body.toString()), {
    policyName: 'TEN_SECONDLY_ROLLING',
    groupName: 'publicapi:crm:associations',
  })
  for (const remaining of ['1', '0']) {
    const { status, headers } = await requestCrm(portal, '/crm/v3/objects/contacts')
    t.match([status, headers['x-hubspot-ratelimit-remaining']], [200, remaining])
    t.equal(headers['x-hubspot-ratelimit-interval-milliseconds'], '10000')
  }
  now = 999
  t.equal((await requestCrm(portal, path, {})).status, 429)
  now = 1_000
  t.equal((await requestCrm(portal, path, {})).status, 200)
  const last = await requestCrm(portal, path, {})
  t.match(JSON.parse(last.body.toString()), { policyName: 'DAILY' }, 'all of them count for the day')
})
