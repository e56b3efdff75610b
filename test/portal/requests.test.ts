import t from 'tap'
import { getList, refusalOf } from './helpers/getList.ts'
import { requestPath, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test('portal requests: a wrong parameter is 400 with its name, its value and what is expected', async t => {
  const portal = await startPortal(t, { leads: [] })
  const wholeNumber = 'expected a whole number'
  const time = 'expected milliseconds since 1970, as 1275718091660 or 1.27571809166E12'
  const cases: [query: string, message: string][] = [
    ['max=ten', `max: ${wholeNumber}, got "ten"`],
    ['max=', `max: ${wholeNumber}, got ""`],
    ['max=1.5', `max: ${wholeNumber}, got "1.5"`],
    ['max=-1', `max: ${wholeNumber} from 0 on, got "-1"`],
    ['offset=x', `offset: ${wholeNumber}, got "x"`],
    ['startTime=yesterday', `startTime: ${time}, got "yesterday"`],
    ['stopTime=', `stopTime: ${time}, got ""`],
    ['stopTime=1e999', `stopTime: ${time}, got "1e999"`],
    ['startTime=0x10', `startTime: ${time}, got "0x10"`],
    ['dir=up', 'dir: expected one of asc, desc, got "up"'],
    [
      'timePivot=createdAt',
      'timePivot: expected one of insertedAt, firstConvertedAt, lastConvertedAt, lastModifiedAt, closedAt, got "createdAt"',
    ],
  ]
  for (const [query, message] of cases) {
    t.equal(refusalOf(await getList(portal, query)), `400 Parameter ${message}`, query)
  }
  for (const name of [
    'nonsense',
    'firstConvertedAt',
    'analyticsDetails.id',
    '__proto__',
    'email; DROP TABLE lead',
    '',
  ]) {
    t.match(
      refusalOf(await getList(portal, `sort=${encodeURIComponent(name)}`)),
      /^400 Parameter sort: expected one of address, /,
      name,
    )
  }
})

t.test('portal requests: more than a hundred guids are 413', async t => {
  const portal = await startPortal(t, { leads: [] })
  for (const count of [101, 2_000]) {
    const query = Array.from({ length: count }, (_, index) => `guids%5B${index}%5D=${'a'.repeat(32)}`).join(
      '&',
    )
    t.match(
      refusalOf(await getList(portal, query)),
      `413 Request Entity Too Large: expected at most 100 guids, got ${count}`,
    )
  }
})

t.test("portal requests: an error has HubSpot's JSON form", async t => {
  const portal = await startPortal(t, { leads: [] })
  const { headers, body } = await getList(portal, 'max=ten')
  t.equal(headers['content-type'], 'application/json;charset=utf-8')
  t.match(JSON.parse(body.toString()), {
    status: 'error',
    message: String,
    correlationId: /^[\da-f-]{36}$/,
    requestId: /^[\da-f-]{36}$/,
  })
})

t.test(
  "portal requests: with errors: 'html', an error is a page (a 401 has been Tomcat’s) with an escaped message",
  async t => {
    const portal = await startPortal(t, { leads: [], errors: 'html' })
    const { status, headers, body } = await requestPath(portal, '/leads/v1/list')
    t.equal(status, 401)
    t.equal(headers['content-type'], 'text/html;charset=utf-8')
    t.match(body.toString(), /^<html>.*<h1>HTTP Status 401 - No credentials: .*<\/html>$/)
    const escaped = (await requestPath(portal, '/<script>&')).body.toString()
    t.match(escaped, 'Nothing is at /&lt;script&gt;&amp;')
    t.notMatch(escaped, '<script>')
    t.equal((await getList(portal)).headers['content-type'], 'application/json;charset=utf-8')
  },
)

t.test(
  'portal requests: credentials are access_token=, hapikey= or Authorization: Bearer; else 401 without the token',
  async t => {
    const portal = await startPortal(t, { leads: [], accessToken: 'secret-1' })
    const get = async (query: string, headers = {}) => {
      const { status, body } = await requestPath(portal, `/leads/v1/list?${query}`, { headers })
      t.notMatch(body.toString(), 'secret-1')
      return status
    }
    t.equal(await get(''), 401, 'no credentials')
    t.equal(await get('access_token='), 401, 'an empty token')
    t.equal(await get('access_token=secret-2'), 401, 'another token')
    t.equal(await get('', { Authorization: 'Basic secret-1' }), 401, 'another scheme')
    t.equal(await get('access_token=secret-1'), 200, 'access_token')
    t.equal(await get('hapikey=secret-1&portalId=62515'), 200, 'hapikey; some send portalId= too')
    t.equal(await get('', { Authorization: 'Bearer secret-1' }), 200, 'Authorization: Bearer')
    t.equal(await get('max=ten'), 401, 'credentials are checked before parameters')
  },
)

t.test('portal requests: an unknown path is 404', async t => {
  const portal = await startPortal(t, { leads: [] })
  const paths = ['/', '/leads/v1', '/leads/v1/list/more', '/leads/v1/list//', '/leads/v1/LIST', '//']
  for (const path of [...paths, '/leads/v1/lead/a/b', '/leads/v1/lead//', '/leads/v1/leads/a']) {
    t.equal(refusalOf(await requestWithToken(portal, path)), `404 Nothing is at ${path}`)
  }
})

t.test('portal requests: another method is 405 with Allow', async t => {
  const portal = await startPortal(t, { leads: [] })
  const cases = [
    ['/leads/v1/list', ['POST', 'PUT', 'DELETE', 'HEAD'], 'GET'],
    ['/leads/v1/lead/', ['PUT', 'POST'], 'GET'],
    ['/leads/v1/lead/a', ['POST', 'DELETE', 'PATCH'], 'GET, PUT'],
  ] as const
  for (const [path, methods, allow] of cases) {
    for (const method of methods) {
      const { status, headers } = await requestWithToken(portal, path, { method })
      t.equal(status, 405, method)
      t.equal(headers.allow, allow)
    }
  }
})

t.test('portal requests: a handler that throws is 500, and the portal continues to answer', async t => {
  let broken = true
  const now = () => {
    if (broken) throw new Error('the clock is broken')
    return 0
  }
  const portal = await startPortal(t, { leads: [], now })
  t.equal(refusalOf(await getList(portal)), '500 The portal failed: the clock is broken')
  broken = false
  t.equal((await getList(portal)).status, 200)
})

t.test(
  'portal requests: “decodes gzip only when the header is written in canonical case”: all headers have canonical case',
  async t => {
    const now = () => Date.UTC(2012, 1, 29)
    const portal = await startPortal(t, { leads: 1, now, rateLimit: { secondly: 1 } })
    const headersOf = async (headers: Record<string, string>) => {
      const { rawHeaders } = await requestPath(portal, `/leads/v1/list?access_token=${portal.accessToken}`, {
        headers,
      })
      return rawHeaders.filter((_, place) => place % 2 === 0).toSorted()
    }
    const common = ['Connection', 'Content-Length', 'Content-Type', 'Date', 'Keep-Alive', 'Vary']
    const limits = ['X-HubSpot-RateLimit-Secondly', 'X-HubSpot-RateLimit-Secondly-Remaining']
    t.same(
      await headersOf({ 'Accept-Encoding': 'gzip' }),
      [...common, ...limits, 'Content-Encoding'].toSorted(),
    )
    t.same(await headersOf({}), [...common, ...limits, 'Retry-After', 'X-HubSpot-Correlation-Id'].toSorted())
  },
)

t.test("portal requests: Date is the portal's clock, read after a delay", async t => {
  let now = Date.UTC(2012, 1, 29)
  const later = () => {
    now += 1_000
    return now
  }
  const portal = await startPortal(t, { leads: [], now: later, faults: '#2:delay=1' })
  t.equal((await getList(portal)).headers.date, 'Wed, 29 Feb 2012 00:00:01 GMT')
  t.equal((await getList(portal)).headers.date, 'Wed, 29 Feb 2012 00:00:03 GMT')
  t.same(
    portal.requests.map(({ at }) => at),
    [now - 2_000, now - 1_000],
  )
})

t.test('portal.requests has method, URL with token, status, time and faults, oldest first', async t => {
  const portal = await startPortal(t, {
    leads: [],
    now: () => 5,
    faults: '#2:status=503; #2-3:delay=0; #3:reset',
  })
  await requestPath(portal, '/nowhere', { method: 'PUT' })
  for (const max of [1, 2, 3]) await getList(portal, `max=${max}`)
  const url = (max: number) => `/leads/v1/list?max=${max}&access_token=${portal.accessToken}`
  t.same(portal.requests, [
    { method: 'PUT', url: '/nowhere', status: 404, at: 5, faults: [] },
    { method: 'GET', url: url(1), status: 200, at: 5, faults: [] },
    { method: 'GET', url: url(2), status: 503, at: 5, faults: ['#2:status=503', '#2-3:delay=0'] },
    { method: 'GET', url: url(3), status: 0, at: 5, faults: ['#2-3:delay=0', '#3:reset'] },
  ])
})

t.test('portal.requests keeps the last thousand, and requestCount counts all', async t => {
  const portal = await startPortal(t, { leads: [] })
  const sendTo = (n: number) => requestPath(portal, `/${n}`)
  await sendTo(0)
  const before = portal.requests
  for (let n = 1; n <= 1_000; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, place) => sendTo(n + place)))
  }
  t.equal(portal.requestCount, 1_001)
  t.equal(portal.requests.length, 1_000)
  t.not(portal.requests[0]?.url, '/0')
  t.equal(before.length, 1, 'an array that was returned before is unchanged')
})
