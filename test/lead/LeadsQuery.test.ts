import { Readable } from 'node:stream'
import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { type LeadsQuery, queryParameters } from '../../lib/lead/LeadsQuery.ts'
import { leadsOptions } from '../../lib/sources/options.ts'

const checkQuery = (given?: LeadsQuery) => leadsOptions(given).query

/** The message of the OPTION error that a query is refused with. */
function refusal(query: unknown): string {
  try {
    checkQuery(query as LeadsQuery)
  } catch (error) {
    if (error instanceof LeadpipeError && error.code === 'OPTION' && !error.retryable) return error.message
    throw error
  }
  throw new Error('it was accepted')
}

t.test('queryParameters are the documented parameters, without the token', async t => {
  t.strictSame(queryParameters, [
    'search',
    'sort',
    'dir',
    'max',
    'offset',
    'startTime',
    'stopTime',
    'timePivot',
    'excludeConversionEvents',
    'optOut',
    'eligibleForEmail',
    'bounced',
    'isNotImported',
    'includeDeleted',
    'guids',
  ])
})

t.test('a LeadsQuery: undefined, {} and one whose values are all undefined are the same', async t => {
  const nothing = Object.fromEntries(queryParameters.map(name => [name, undefined]))
  for (const query of [undefined, {}, nothing, Object.create(null) as LeadsQuery]) {
    t.strictSame(checkQuery(query), {})
  }
})

const flag = 'true or false'
const time = 'milliseconds since 1970 (an integer, 0 or more) or a Date'
const sort = 'the name of a lead attribute, for example "lastModifiedAt"'
const pivots = 'insertedAt, firstConvertedAt, lastConvertedAt, lastModifiedAt, closedAt'
const guids = 'guids, as an array that is not empty, or as an iterable or async iterable of strings'

const wrong: [query: Record<string, unknown>, message: string][] = [
  [{ search: 7 }, 'search: expected a string of well-formed Unicode, received 7'],
  [{ search: null }, 'search: expected a string of well-formed Unicode, received null'],
  [{ search: ['a'] }, "search: expected a string of well-formed Unicode, received [ 'a' ]"],
  [{ sort: 7 }, `sort: expected ${sort}, received 7`],
  [{ sort: '' }, `sort: expected ${sort}, received ''`],
  [{ sort: 'last name' }, `sort: expected ${sort}, received 'last name'`],
  [{ sort: 'email&max=1' }, `sort: expected ${sort}, received 'email&max=1'`],
  [{ sort: '1' }, `sort: expected ${sort}, received '1'`],
  [{ sort: 'émail' }, `sort: expected ${sort}, received 'émail'`],
  [{ dir: 'ASC' }, 'dir: expected "asc" or "desc", received \'ASC\''],
  [{ dir: 1 }, 'dir: expected "asc" or "desc", received 1'],
  [{ max: 0 }, 'max: expected an integer from 1 to 100 (leads a page), received 0'],
  [{ max: 101 }, 'max: expected an integer from 1 to 100 (leads a page), received 101'],
  [{ max: 1.5 }, 'max: expected an integer from 1 to 100 (leads a page), received 1.5'],
  [{ max: '10' }, "max: expected an integer from 1 to 100 (leads a page), received '10'"],
  [{ max: Number.NaN }, 'max: expected an integer from 1 to 100 (leads a page), received NaN'],
  [{ max: Infinity }, 'max: expected an integer from 1 to 100 (leads a page), received Infinity'],
  [{ max: 10n }, 'max: expected an integer from 1 to 100 (leads a page), received 10n'],
  [{ max: null }, 'max: expected an integer from 1 to 100 (leads a page), received null'],
  [{ offset: -98 }, 'offset: expected an integer, 0 or more, received -98'],
  [{ offset: 0.5 }, 'offset: expected an integer, 0 or more, received 0.5'],
  [{ offset: Number.NaN }, 'offset: expected an integer, 0 or more, received NaN'],
  [{ offset: Infinity }, 'offset: expected an integer, 0 or more, received Infinity'],
  [{ startTime: -1 }, `startTime: expected ${time}, received -1`],
  [{ startTime: 1.5 }, `startTime: expected ${time}, received 1.5`],
  [{ startTime: Number.NaN }, `startTime: expected ${time}, received NaN`],
  [{ startTime: Infinity }, `startTime: expected ${time}, received Infinity`],
  [{ startTime: '2012-01-01' }, `startTime: expected ${time}, received '2012-01-01'`],
  [{ startTime: null }, `startTime: expected ${time}, received null`],
  [{ stopTime: {} }, `stopTime: expected ${time}, received {}`],
  [{ stopTime: -Infinity }, `stopTime: expected ${time}, received -Infinity`],
  [
    { startTime: new Date(Number.NaN) },
    'startTime: expected a Date that is valid and not before 1970, received Invalid Date',
  ],
  [{ timePivot: 'createdAt' }, `timePivot: expected one of ${pivots}, received 'createdAt'`],
  [{ timePivot: 'insteredAt' }, `timePivot: expected one of ${pivots}, received 'insteredAt'`],
  [{ guids: [] }, `guids: expected ${guids}, received []`],
  [{ guids: 'a' }, `guids: expected ${guids}, received 'a'`],
  [{ guids: [''] }, `guids: expected ${guids}, received [ '' ]`],
  [{ guids: ['a', 7] }, `guids: expected ${guids}, received [ 'a', 7 ]`],
  [{ guids: { a: 1 } }, `guids: expected ${guids}, received { a: 1 }`],
  ...[
    'excludeConversionEvents',
    'optOut',
    'eligibleForEmail',
    'bounced',
    'isNotImported',
    'includeDeleted',
  ].flatMap(name =>
    (
      [
        ['true', "'true'"],
        [1, '1'],
        [null, 'null'],
      ] as const
    ).map(([value, shown]): [Record<string, unknown>, string] => [
      { [name]: value },
      `${name}: expected ${flag}, received ${shown}`,
    ]),
  ),
]

t.test(
  'a LeadsQuery: a wrong value is refused with the parameter, the expected and the received value',
  async t => {
    for (const [query, message] of wrong) t.equal(refusal(query), `leads(): ${message}`)
  },
)

t.test('a LeadsQuery: a long value is shortened in the message', async t => {
  const message = refusal({ guids: Array.from({ length: 101 }, (_, i) => (i < 100 ? `guid-${i}` : '')) })
  t.match(message, /^leads\(\): guids: expected guids, as an array .+, received \[ 'guid-0'/)
  t.ok(message.length < 260)
  t.ok(refusal({ dir: 'x'.repeat(10_000) }).length < 220)
})

t.test('a LeadsQuery: a Date before 1970 is refused', async t => {
  t.match(refusal({ stopTime: new Date(-1) }), 'stopTime: expected a Date that is valid and not before 1970')
})

t.test(
  'a LeadsQuery: text that cannot be encoded as UTF-8 is refused, since a URL cannot hold it',
  async t => {
    t.match(
      refusal({ search: 'a\ud83d' }),
      /search: expected a string of well-formed Unicode, received 'a\\ud83d'$/i,
    )
    t.match(refusal({ guids: ['\udc00'] }), 'guids: expected guids, as an array')
    t.strictSame(checkQuery({ search: '😀\n\u0000' }), { search: '😀\n\u0000' })
  },
)

t.test('a LeadsQuery: an unknown parameter is refused with the names of all parameters', async t => {
  t.match(
    refusal({ colour: 1 }),
    'leads(): unknown option "colour"; expected one of search, sort, dir, max, offset, startTime, stopTime, timePivot, excludeConversionEvents, optOut, eligibleForEmail, bounced, isNotImported, includeDeleted, guids, limit, paging',
  )
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'Max', 'guids[0]', '']) {
    t.match(refusal({ [name]: 1 }), `unknown option ${JSON.stringify(name)}; expected one of search, `)
  }
  t.match(refusal(JSON.parse('{"__proto__":1}')), 'unknown option "__proto__"; expected one of search, ')
})

t.test('a LeadsQuery: a misplaced or misspelt parameter is refused with a hint', async t => {
  for (const [name, hint] of [
    ['access_token', 'the token belongs to the client: new HubSpotClient({ accessToken })'],
    ['accessToken', 'it belongs to the client: new HubSpotClient({ accessToken })'],
    ['hapikey', 'the key belongs to the client: new HubSpotClient({ apiKey })'],
    ['readAhead', 'it is called readAheadBytes'],
    ['optout', 'the documented spelling is optOut'],
    ['emailOptOut', 'the documented spelling is optOut'],
    ['notImported', 'the documented spelling is isNotImported'],
  ] as const) {
    t.equal(refusal({ [name]: 'a-secret' }), `leads(): unknown option "${name}"; ${hint}`)
  }
})

t.test('a LeadsQuery: anything but a plain object is refused, not read as an empty query', async t => {
  const client = { origin: 'x' }
  for (const query of [null, 7, 'search=x', true, [], () => client, Symbol('a'), 7n]) {
    t.match(refusal(query), /^leads\(\): options: expected an object, received /)
  }
  for (const query of [
    new URLSearchParams('search=x'),
    new Map([['search', 'x']]),
    new Date(0),
    new AbortController().signal,
  ]) {
    t.match(refusal(query), /^leads\(\): options: expected an object, received /, String(query))
  }
})

t.test('a LeadsQuery: times become milliseconds', async t => {
  t.strictSame(checkQuery({ startTime: new Date(1_275_718_091_660), stopTime: 1_320_349_394_338 }), {
    startTime: 1_275_718_091_660,
    stopTime: 1_320_349_394_338,
    timePivot: 'insertedAt',
  })
  t.match(checkQuery({ startTime: 0 }), { startTime: 0 })
  t.match(checkQuery({ startTime: new Date(0) }), { startTime: 0 })
})

t.test('a LeadsQuery: timePivot is insertedAt by default if there is a time bound, else absent', async t => {
  t.equal(checkQuery({ startTime: 1 }).timePivot, 'insertedAt')
  t.equal(checkQuery({ stopTime: 1 }).timePivot, 'insertedAt')
  t.equal(checkQuery({ stopTime: 1, timePivot: 'closedAt' }).timePivot, 'closedAt')
  t.equal(checkQuery({ stopTime: 1, timePivot: undefined } as object).timePivot, 'insertedAt')
  t.equal(checkQuery({ timePivot: 'closedAt' }).timePivot, 'closedAt')
  t.equal(checkQuery({ max: 1 }).timePivot, undefined)
})

t.test('a LeadsQuery: stopTime may equal startTime, but not be before it', async t => {
  t.equal(
    refusal({ startTime: new Date(2), stopTime: 1 }),
    'leads(): stopTime: expected 2 or later with startTime 2, received 1',
  )
  t.match(checkQuery({ startTime: 2, stopTime: new Date(2) }), { startTime: 2, stopTime: 2 })
})

t.test('a LeadsQuery: the greatest and least allowed values are accepted', async t => {
  const guids = Array.from({ length: 100 }, (_, i) => `${i}`)
  const query: LeadsQuery = { max: 100, offset: 0, guids, search: '', sort: 'insteredAt', dir: 'asc' }
  t.strictSame(checkQuery(query), query)
  t.strictSame(checkQuery({ max: 1, sort: 'fce.convertDate' }), { max: 1, sort: 'fce.convertDate' })
})

t.test(
  'a LeadsQuery: guids may be any iterable of any length, and are not iterated when checked',
  async t => {
    let taken = 0
    function* some() {
      taken += 1
      yield 'a'
    }
    async function* later() {
      taken += 1
      yield 'a'
    }
    const many = Array.from({ length: 250 }, (_, i) => `${i}`)
    for (const guids of [many, new Set(['a']), some(), later(), Readable.from(['a']), ['a'].values()]) {
      t.equal(checkQuery({ guids }).guids, guids)
    }
    t.equal(taken, 0)
    for (const guids of [7, null, true, () => ['a'], 'abc', {}, Promise.resolve(['a'])]) {
      t.match(refusal({ guids }), /^leads\(\): guids: expected guids, as an array that is not empty, or /)
    }
  },
)

t.test('a LeadsQuery is not changed when it is checked', async t => {
  const query: LeadsQuery = { startTime: new Date(5) }
  checkQuery(query)
  t.strictSame(query, { startTime: new Date(5) })
})
