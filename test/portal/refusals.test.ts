import { request } from 'node:http'
import t from 'tap'
import { getList, getRefusal } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

t.test('what makes no sense is answered 400, naming parameter, value and what is expected', async t => {
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
    t.equal(await getRefusal(portal, query), `400 Parameter ${message}`, query)
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
      await getRefusal(portal, `sort=${encodeURIComponent(name)}`),
      /^400 Parameter sort: expected one of address, /,
      name,
    )
  }
})

t.test('more than a hundred guids are answered 413, however many', async t => {
  const portal = await startPortal(t, { leads: [] })
  for (const count of [101, 2_000]) {
    const query = Array.from({ length: count }, (_, index) => `guids%5B${index}%5D=${'a'.repeat(32)}`).join(
      '&',
    )
    t.match(
      await getRefusal(portal, query),
      `413 Request Entity Too Large: expected at most 100 guids, got ${count}`,
    )
  }
})

t.test('an error has the JSON form of HubSpot’s', async t => {
  const portal = await startPortal(t, { leads: [] })
  const response = await getList(portal, 'max=ten')
  t.equal(response.headers.get('content-type'), 'application/json;charset=utf-8')
  t.match(await response.json(), {
    status: 'error',
    message: String,
    correlationId: /^[\da-f-]{36}$/,
    requestId: /^[\da-f-]{36}$/,
  })
})

t.test('missing or wrong credentials are answered 401, and the token is not told', async t => {
  const portal = await startPortal(t, { leads: [], accessToken: 'secret-1' })
  const get = async (query: string, headers = {}) => {
    const response = await fetch(`${portal.origin}/leads/v1/list?${query}`, { headers })
    const text = await response.text()
    t.notMatch(text, 'secret-1')
    return response.status
  }
  t.equal(await get(''), 401, 'none')
  t.equal(await get('access_token='), 401, 'empty')
  t.equal(await get('access_token=secret-2'), 401, 'another')
  t.equal(await get('', { Authorization: 'Basic secret-1' }), 401, 'another scheme')
  t.equal(await get('access_token=secret-1'), 200, 'access_token')
  t.equal(await get('hapikey=secret-1&portalId=62515'), 200, 'hapikey')
  t.equal(await get('', { Authorization: 'Bearer secret-1' }), 200, 'Authorization: Bearer')
  t.equal(await get('max=ten'), 401, 'credentials come before parameters')
})

t.test('an unknown path is answered 404', async t => {
  const portal = await startPortal(t, { leads: [] })
  for (const path of ['/', '/leads/v1', '/leads/v1/list/more', '/leads/v1/list//', '/leads/v1/LIST', '//']) {
    const response = await fetch(`${portal.origin}${path}?access_token=${portal.accessToken}`)
    t.equal(response.status, 404, path)
    t.match(await response.json(), { status: 'error', message: `Nothing is at ${path}` })
  }
})

t.test('another method is answered 405 with Allow', async t => {
  const portal = await startPortal(t, { leads: [] })
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
    const response = await fetch(`${portal.origin}/leads/v1/list?access_token=${portal.accessToken}`, {
      method,
    })
    await response.text()
    t.equal(response.status, 405, method)
    t.equal(response.headers.get('allow'), 'GET')
  }
})

t.test('a handler that throws is answered 500, and the portal goes on', async t => {
  let broken = true
  const now = () => {
    if (broken) throw new Error('the clock is broken')
    return 0
  }
  const portal = await startPortal(t, { leads: [], now })
  t.equal(await getRefusal(portal, ''), '500 The portal failed: the clock is broken')
  broken = false
  t.equal((await getList(portal)).status, 200)
})

t.test('header names are in canonical case, Date is the portal’s clock', async t => {
  const portal = await startPortal(t, { leads: [], now: () => Date.UTC(2012, 1, 29) })
  const names = await new Promise<string[]>((resolve, reject) => {
    request(`${portal.origin}/leads/v1/list?access_token=${portal.accessToken}`, response => {
      response.resume()
      resolve(response.rawHeaders)
    })
      .on('error', reject)
      .end()
  })
  t.match(
    names.join('|'),
    'Content-Type|application/json;charset=utf-8|Content-Length|2|Date|Wed, 29 Feb 2012 00:00:00 GMT',
  )
  t.equal(names.filter(name => name.toLowerCase() === 'date').length, 1)
})
