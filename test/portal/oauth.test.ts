import t from 'tap'
import type { Portal } from '../../lib/portal/index.ts'
import { getJson } from './helpers/getJson.ts'
import { startPortal } from './helpers/startPortal.ts'

const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

const post = (portal: Portal, path: string, fields: Record<string, string>) =>
  getJson(portal, path, {
    method: 'POST',
    headers: { Authorization: '', ...form },
    body: `${new URLSearchParams(fields)}`,
  })

const refresh = (portal: Portal, path = '/oauth/v1/token', fields: Record<string, string> = {}) =>
  post(portal, path, {
    grant_type: 'refresh_token',
    client_id: 'id',
    client_secret: 'secret',
    refresh_token: portal.refreshToken,
    ...fields,
  })

const read = (portal: Portal, token: string) =>
  getJson(portal, '/account-info/v3/details', { headers: { Authorization: `Bearer ${token}` } })

t.test('portal oauth: tokens expire by the portal’s clock, and a refresh issues a new one', async t => {
  let now = Date.UTC(2026, 10, 27)
  const portal = await startPortal(t, { leads: 5, tokenLifetime: 60_000, now: () => now })
  t.equal((await read(portal, portal.accessToken)).status, 200)
  now += 59_999
  t.equal((await read(portal, portal.accessToken)).status, 200)
  now += 3_001
  const expired = await read(portal, portal.accessToken)
  t.equal(expired.status, 401)
  t.match(expired.body, {
    status: 'error',
    message: 'The OAuth token used to make this call expired 3 second(s) ago.',
    category: 'EXPIRED_AUTHENTICATION',
    context: { 'expire time': ['2026-11-27T00:01:00.000Z'] },
  })
  for (const version of ['v1', 'v3', '2026-03', '2026-09']) {
    const { status, body } = await refresh(portal, `/oauth/${version}/token`)
    t.equal(status, 200, version)
    t.match(body, { refresh_token: portal.refreshToken, expires_in: 60, token_type: 'bearer' })
    t.equal((await read(portal, body.access_token)).status, 200)
  }
  const { body: first } = await refresh(portal)
  now += 1_500
  const { body: second } = await refresh(portal)
  t.equal((await read(portal, first.access_token)).status, 200, 'an earlier token stays valid')
  now += 58_500
  t.equal((await read(portal, first.access_token)).status, 401)
  t.equal((await read(portal, second.access_token)).status, 200)
  const unknown = await read(portal, 'unknown')
  t.same([unknown.status, unknown.body.category], [401, 'INVALID_AUTHENTICATION'])
})

t.test('portal oauth: without tokenLifetime, tokens never expire, and say 1,800 seconds', async t => {
  let now = 1
  const portal = await startPortal(t, { leads: 5, now: () => now })
  const { body } = await refresh(portal)
  t.equal(body.expires_in, 1_800)
  now += 100 * 365 * 86_400_000
  t.equal((await read(portal, body.access_token)).status, 200)
  t.equal((await read(portal, portal.accessToken)).status, 200)
})

t.test('portal oauth: a wrong refresh token is invalid_grant, and other wrong requests are 400', async t => {
  const portal = await startPortal(t, { leads: 5, refreshToken: 'mine' })
  t.equal(portal.refreshToken, 'mine')
  const cases: [fields: Record<string, string>, error: string, status: string][] = [
    [{ refresh_token: 'other' }, 'invalid_grant', 'BAD_REFRESH_TOKEN'],
    [{ refresh_token: '' }, 'invalid_grant', 'BAD_REFRESH_TOKEN'],
    [{ grant_type: 'password' }, 'unsupported_grant_type', 'BAD_GRANT_TYPE'],
    [{ client_id: '' }, 'invalid_client', 'BAD_CLIENT_ID'],
    [{ client_secret: '' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
  ]
  for (const [fields, error, status] of cases) {
    const answer = await refresh(portal, '/oauth/v1/token', fields)
    t.same([answer.status, answer.body.error, answer.body.status], [400, error, status])
  }
  const query = 'refresh_token=mine&client_secret=secret'
  const fields = { grant_type: 'refresh_token', client_id: 'id' }
  t.equal((await post(portal, `/oauth/v1/token?${query}`, fields)).status, 200)
  t.equal(
    (await post(portal, `/oauth/v3/token?${query}`, fields)).status,
    400,
    'only the first version reads the query',
  )
  const json = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }
  t.equal((await getJson(portal, '/oauth/v1/token', json)).status, 400)
  t.equal((await getJson(portal, '/oauth/v1/token')).status, 405)
})

t.test('portal oauth: a token can be looked up until it expires', async t => {
  let now = 1_000
  const portal = await startPortal(t, { leads: 5, tokenLifetime: 60_000, now: () => now })
  const info = () =>
    getJson(portal, `/oauth/v1/access-tokens/${portal.accessToken}`, { headers: { Authorization: '' } })
  const introspect = (token: string) =>
    post(portal, '/oauth/2026-03/token/introspect', { token, client_id: 'id', client_secret: 'secret' })
  now += 10_500
  t.match(await info(), { status: 200, body: { token: portal.accessToken, hub_id: 62515, expires_in: 49 } })
  t.match(await introspect(portal.accessToken), { status: 200, body: { active: true, expires_in: 49 } })
  t.same(await introspect('unknown'), { status: 200, body: { active: false } })
  now += 60_000
  t.equal((await info()).status, 404)
  t.same(await introspect(portal.accessToken), { status: 200, body: { active: false } })
})

t.test(
  'portal oauth: the fault “expire” ends the token of the request, for this and all later requests',
  async t => {
    const portal = await startPortal(t, {
      leads: 5,
      faults: '#2:expire; /oauth/:expire; POST x1:status=503',
    })
    t.equal((await read(portal, portal.accessToken)).status, 200)
    const { body: other } = await refresh(portal)
    t.equal(other.access_token, undefined, 'faults hit requests for tokens')
    const { body } = await refresh(portal)
    const expired = await read(portal, portal.accessToken)
    t.same([expired.status, expired.body.category], [401, 'EXPIRED_AUTHENTICATION'])
    t.equal((await read(portal, portal.accessToken)).status, 401)
    t.equal((await read(portal, body.access_token)).status, 200)
  },
)

t.test('portal oauth: requests for tokens do not count against the rate limits', async t => {
  const portal = await startPortal(t, { leads: 5, rateLimit: { daily: 2 }, now: () => 5_000 })
  for (let n = 0; n < 5; n++) t.equal((await refresh(portal)).status, 200)
  t.equal((await read(portal, portal.accessToken)).status, 200)
  const { body } = await getJson(portal, '/account-info/2026-09/api-usage/daily/private-apps')
  t.same(body.results, [
    {
      name: 'private-apps-api-calls-daily',
      usageLimit: 2,
      currentUsage: 2,
      collectedAt: '1970-01-01T00:00:05.000Z',
      fetchStatus: 'SUCCESS',
      resetsAt: '1970-01-02T00:00:00.000Z',
    },
  ])
  t.equal((await read(portal, portal.accessToken)).status, 429)
})

t.test('portal account: the details have the portal’s id and its time zone', async t => {
  const portal = await startPortal(t, { leads: 5 })
  for (const version of ['v3', '2026-03', '2026-09']) {
    const { status, body } = await getJson(portal, `/account-info/${version}/details`)
    t.equal(status, 200)
    t.match(body, {
      portalId: 62515,
      accountType: 'STANDARD',
      timeZone: 'UTC',
      utcOffset: '+00:00',
      utcOffsetMilliseconds: 0,
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'na1',
    })
  }
  const { body } = await getJson(portal, '/account-info/v3/api-usage/daily/private-apps')
  t.match(body.results, [{ usageLimit: 250_000, currentUsage: 3 }])
})
