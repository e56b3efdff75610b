import t from 'tap'
import {
  type LeadsQuery,
  type PageQuery,
  queryParameters,
  serializeQuery,
} from '../../lib/lead/LeadsQuery.ts'
import { leadsOptions } from '../../lib/sources/options.ts'

const checkQuery = (given: LeadsQuery) => leadsOptions(given).query

const cases: [query: PageQuery, text: string][] = [
  [{}, ''],
  [{ search: 'hubspot' }, 'search=hubspot'],
  [{ search: '' }, 'search='],
  [
    { search: 'O\'Neill & Söhne+50%?#/="[]' },
    "search=O'Neill%20%26%20S%C3%B6hne%2B50%25%3F%23%2F%3D%22%5B%5D",
  ],
  [{ search: '漢字 😀' }, 'search=%E6%BC%A2%E5%AD%97%20%F0%9F%98%80'],
  [{ search: 'a&access_token=b' }, 'search=a%26access_token%3Db'],
  [{ search: 'line\nbreak\u0000' }, 'search=line%0Abreak%00'],
  [{ sort: 'lastModifiedAt' }, 'sort=lastModifiedAt'],
  [{ sort: 'insteredAt' }, 'sort=insteredAt'],
  [{ sort: 'fce.convertDate' }, 'sort=fce.convertDate'],
  [{ dir: 'asc' }, 'dir=asc'],
  [{ dir: 'desc' }, 'dir=desc'],
  [{ max: 100 }, 'max=100'],
  [{ offset: 0 }, 'offset=0'],
  [{ offset: 1_000_000 }, 'offset=1000000'],
  [{ startTime: 0 }, 'startTime=0&timePivot=insertedAt'],
  [{ startTime: 1_275_718_091_660 }, 'startTime=1275718091660&timePivot=insertedAt'],
  [{ startTime: new Date('2010-06-05T06:08:11.660Z') }, 'startTime=1275718091660&timePivot=insertedAt'],
  [{ stopTime: new Date(7), timePivot: 'closedAt' }, 'stopTime=7&timePivot=closedAt'],
  [{ timePivot: 'insertedAt' }, 'timePivot=insertedAt'],
  [{ timePivot: 'firstConvertedAt' }, 'timePivot=firstConvertedAt'],
  [{ timePivot: 'lastConvertedAt' }, 'timePivot=lastConvertedAt'],
  [{ timePivot: 'lastModifiedAt' }, 'timePivot=lastModifiedAt'],
  [{ excludeConversionEvents: true }, 'excludeConversionEvents=true'],
  [{ excludeConversionEvents: false }, 'excludeConversionEvents=false'],
  [{ optOut: true }, 'optOut=true'],
  [{ optOut: false }, 'optOut=false'],
  [{ eligibleForEmail: true }, 'eligibleForEmail=true'],
  [{ eligibleForEmail: false }, 'eligibleForEmail=false'],
  [{ bounced: true }, 'bounced=true'],
  [{ bounced: false }, 'bounced=false'],
  [{ isNotImported: true }, 'isNotImported=true'],
  [{ isNotImported: false }, 'isNotImported=false'],
  [{ includeDeleted: true }, 'includeDeleted=true'],
  [{ includeDeleted: false }, 'includeDeleted=false'],
  [
    { guids: ['8a41f2f22906b93a012906b9438f0008', '8a41f2f22913e087012913e0afce000d'] },
    'guids[0]=8a41f2f22906b93a012906b9438f0008&guids[1]=8a41f2f22913e087012913e0afce000d',
  ],
  [{ guids: ['a&b', 'ü'] }, 'guids[0]=a%26b&guids[1]=%C3%BC'],
]

t.test('serializeQuery writes each parameter as the documentation spells it', async t => {
  for (const [query, text] of cases) t.equal(serializeQuery(checkQuery(query) as PageQuery), text)
  const covered = new Set(cases.flatMap(([query]) => Object.keys(query)))
  t.strictSame(
    [...queryParameters].filter(name => !covered.has(name)),
    [],
  )
})

t.test(
  'serializeQuery writes parameters in the order of the documentation, whatever the order in the query',
  async t => {
    const query: PageQuery = {
      guids: ['a'],
      includeDeleted: true,
      isNotImported: true,
      bounced: true,
      eligibleForEmail: true,
      optOut: true,
      excludeConversionEvents: true,
      timePivot: 'closedAt',
      stopTime: 2,
      startTime: 1,
      offset: 3,
      max: 4,
      dir: 'asc',
      sort: 'email',
      search: 'x',
    }
    t.equal(
      serializeQuery(checkQuery(query) as PageQuery),
      'search=x&sort=email&dir=asc&max=4&offset=3&startTime=1&stopTime=2&timePivot=closedAt&excludeConversionEvents=true&optOut=true&eligibleForEmail=true&bounced=true&isNotImported=true&includeDeleted=true&guids[0]=a',
    )
  },
)

t.test('serializeQuery: URLSearchParams reads the values back', async t => {
  for (const [query, text] of cases) {
    const read = new URLSearchParams(text)
    if (typeof query.search === 'string') t.equal(read.get('search'), query.search)
    query.guids?.forEach((guid, index) => {
      t.equal(read.get(`guids[${index}]`), guid)
    })
  }
})
