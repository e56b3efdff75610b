import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { clientSettings, type HubSpotClientOptions } from '../../lib/hubspot/options.ts'

const accessToken = 's3cret-t0ken'

/** The message of the OPTION error that options are refused with. */
function refusal(options: unknown): string {
  try {
    new HubSpotClient(options as HubSpotClientOptions)
  } catch (error) {
    if (error instanceof LeadpipeError && error.code === 'OPTION') return error.message
    throw error
  }
  throw new Error('the options were accepted')
}

t.test('client options: the defaults are the documented ones', async t => {
  t.strictSame(clientSettings({ accessToken }), {
    credential: { name: 'access_token', value: accessToken, in: 'query' },
    apiVersion: '2026-09',
    origin: 'https://api.hubapi.com',
    concurrency: 4,
    rateLimit: { requests: 100, interval: 10_000 },
    dailyShare: 1,
    retry: { retries: 5, minDelay: 500, maxDelay: 60_000, budget: 0.5 },
    timeouts: { connect: 10_000, headers: 60_000, chunk: 60_000 },
  })
})

t.test('client options: an option that is undefined is absent, in retry and timeouts, too', async t => {
  const nothing = {
    apiKey: undefined,
    auth: undefined,
    origin: undefined,
    concurrency: undefined,
    rateLimit: undefined,
    dailyShare: undefined,
    retry: { retries: undefined, minDelay: undefined, maxDelay: undefined },
    timeouts: { connect: undefined, headers: undefined, chunk: undefined },
  } as object
  t.strictSame(clientSettings({ accessToken, ...nothing }), clientSettings({ accessToken }))
  t.strictSame(clientSettings({ accessToken, retry: { retries: 0 } }).retry, {
    retries: 0,
    minDelay: 500,
    maxDelay: 60_000,
    budget: 0.5,
  })
})

t.test('client options: a client needs exactly one credential', async t => {
  const none =
    'HubSpotClient: accessToken: expected the access token of the portal, or an apiKey, received none'
  for (const options of [undefined, {}, { accessToken: undefined }]) t.equal(refusal(options), none)
  t.equal(
    refusal({ accessToken, apiKey: 'k' }),
    'HubSpotClient: apiKey: expected none with accessToken, received a value of type string',
  )
  t.equal(
    refusal({ apiKey: 'k', auth: 'header' }),
    'HubSpotClient: auth: expected "query" with apiKey, received \'header\'',
  )
  t.strictSame(clientSettings({ apiKey: 'k', auth: 'query' }).credential, {
    name: 'hapikey',
    value: 'k',
    in: 'query',
  })
})

t.test('client options: a token that cannot be sent is refused, and not shown', async t => {
  const message =
    'HubSpotClient: accessToken: expected the access token, a string without spaces, or a function, received a'
  for (const [wrong, flaw] of Object.entries({
    '': 'that is empty',
    ' s3cret': 'with a space',
    's3 cret': 'with a space',
    's3cret\n': 'with a line break',
    's3cret\r\n': 'with a line break',
    '\uFEFFs3cret': 'that begins with a byte order mark',
    '"s3cret"': 'with quotes around it',
    "'s3cret'": 'with quotes around it',
    's3\u0000cret': 'with a character that is not printable ASCII',
    's3cret-é': 'with a character that is not printable ASCII',
    ключ: 'with a character that is not printable ASCII',
  })) {
    t.equal(refusal({ accessToken: wrong }), `${message} string ${flaw}`)
  }
  t.equal(refusal({ accessToken: 123_456 }), `${message} value of type number`)
  t.equal(refusal({ accessToken: null }), `${message} value of type object`)
  t.match(
    refusal({ apiKey: 's3 cret' }),
    'HubSpotClient: apiKey: expected the API key, a string without spaces',
  )
})

t.test('client options: an unknown API version is refused with those that there are', async t => {
  t.equal(
    refusal({ accessToken, apiVersion: '2025-09' }),
    'HubSpotClient: apiVersion: expected "2026-09", "2026-03" or "v3", received \'2025-09\'',
  )
})

t.test('client options: a token in the wrong place is not shown', async t => {
  for (const options of [
    accessToken,
    [accessToken],
    { accessToken, auth: accessToken },
    { accessToken, origin: `api.hubapi.com?access_token=${accessToken}` },
    { accessToken, origin: `//user:${accessToken}@api.hubapi.com` },
    { accessToken, origin: `https://${accessToken}@api.hubapi.com` },
    { accessToken, origin: `https://user:${accessToken}@api.hubapi.com` },
    { accessToken, origin: `https://api.hubapi.com/?access_token=${accessToken}` },
    { accessToken, origin: `https://api.hubapi.com/#${accessToken}` },
    { access_token: accessToken },
    { token: accessToken },
    { hapikey: accessToken },
    { acessToken: accessToken },
  ]) {
    t.notMatch(refusal(options), accessToken)
  }
})

t.test('client options: a misspelt name is refused with the right one', async t => {
  t.equal(
    refusal({ access_token: 'a' }),
    'HubSpotClient: unknown option "access_token"; it is called accessToken here',
  )
  t.equal(refusal({ token: 'a' }), 'HubSpotClient: unknown option "token"; it is called accessToken here')
  t.equal(refusal({ hapikey: 'a' }), 'HubSpotClient: unknown option "hapikey"; it is called apiKey here')
  t.equal(
    refusal({ accessToken, retries: 1 }),
    'HubSpotClient: unknown option "retries"; expected one of accessToken, apiKey, auth, apiVersion, origin, concurrency, rateLimit, retry, timeouts, dailyShare',
  )
})

t.test('client options: an origin is scheme, host and port', async t => {
  const cases: [given: string, origin: string][] = [
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['HTTPS://Api.HubApi.com:443', 'https://api.hubapi.com'],
    ['http://[::1]:80', 'http://[::1]'],
  ]
  for (const [given, origin] of cases) t.equal(clientSettings({ accessToken, origin: given }).origin, origin)
  const expected =
    'HubSpotClient: origin: expected an http or https URL without a path, for example "https://api.hubapi.com", received'
  const refused: [given: string, shown: string][] = [
    ['', '""'],
    ['api.hubapi.com', '"api.hubapi.com"; put http:// or https:// before it'],
    ['localhost:8080', '"localhost:8080"; put http:// or https:// before it'],
    ['127.0.0.1:8080', '"127.0.0.1:8080"; put http:// or https:// before it'],
    ['//localhost:8080', '"//localhost:8080"'],
    ['ftp://api.hubapi.com', '"ftp://api.hubapi.com"'],
    ['https://api.hubapi.com/leads/v1', '"https://api.hubapi.com…"'],
    ['https://api.hubapi.com/?a=b', '"https://api.hubapi.com…"'],
    ['https://api.hubapi.com:99999', '"https://api.hubapi.com:99999"'],
  ]
  for (const [given, shown] of refused)
    t.equal(refusal({ accessToken, origin: given }), `${expected} ${shown}`)
  t.match(refusal({ accessToken, origin: new URL('https://api.hubapi.com') }), expected)
})

t.test('client options: a number out of range is refused with the range and the value', async t => {
  const range = 'HubSpotClient: concurrency: expected an integer from 1 to 100, received'
  for (const concurrency of [0, 101, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.equal(refusal({ accessToken, concurrency }), `${range} ${concurrency}`)
  }
  t.equal(refusal({ accessToken, concurrency: '4' }), `${range} '4'`)
})

t.test('client options: a rate limit has both of its values, or is "none"', async t => {
  const whole = 'HubSpotClient: rateLimit: expected { requests, interval } or "none", received'
  for (const [rateLimit, shown] of [
    ['off', "'off'"],
    [null, 'null'],
    [100, '100'],
  ]) {
    t.equal(refusal({ accessToken, rateLimit }), `${whole} ${shown}`)
  }
  const requests = 'HubSpotClient: rateLimit.requests: expected an integer from 1 to 2147483647, received'
  const interval =
    'HubSpotClient: rateLimit.interval: expected an integer from 1 to 2147483647 (milliseconds), received'
  const refused: [value: unknown, message: string][] = [
    [{ requests: 1 }, `${interval} undefined`],
    [{ requests: undefined, interval: 1 }, `${requests} undefined`],
    [{ requests: 0, interval: 1 }, `${requests} 0`],
    [{ requests: 3_000_000_000, interval: 1 }, `${requests} 3000000000`],
    [{ requests: 1, interval: 0.5 }, `${interval} 0.5`],
    [{ requests: Number.POSITIVE_INFINITY, interval: 1 }, `${requests} Infinity`],
    [
      { requests: 1, interval: 1, per: 's' },
      'HubSpotClient: unknown option "rateLimit.per"; expected one of requests, interval',
    ],
  ]
  for (const [rateLimit, message] of refused) t.equal(refusal({ accessToken, rateLimit }), message)
  t.equal(clientSettings({ accessToken, rateLimit: 'none' }).rateLimit, 'none')
})

t.test('client options: dailyShare is more than 0 and at most 1', async t => {
  const range = 'HubSpotClient: dailyShare: expected a number more than 0 and at most 1, received'
  for (const dailyShare of [0, -0.5, 1.01, Number.NaN]) {
    t.equal(refusal({ accessToken, dailyShare }), `${range} ${dailyShare}`)
  }
  t.equal(refusal({ accessToken, dailyShare: '50%' }), `${range} '50%'`)
  for (const dailyShare of [0.001, 1]) {
    t.equal(clientSettings({ accessToken, dailyShare }).dailyShare, dailyShare)
  }
})

t.test('client options: an error in retry or timeouts names the option with its range', async t => {
  const refused: [options: object, message: string][] = [
    [{ retry: { retries: 101 } }, 'retry.retries: expected an integer from 0 to 100, received 101'],
    [{ retry: { retries: -1 } }, 'retry.retries: expected an integer from 0 to 100, received -1'],
    [
      { retry: { minDelay: Number.NaN } },
      'retry.minDelay: expected an integer from 0 to 2147483647 (milliseconds), received NaN',
    ],
    [
      { retry: { maxDelay: 2 ** 31 } },
      'retry.maxDelay: expected an integer from 0 to 2147483647 (milliseconds), received 2147483648',
    ],
    [{ retry: { budget: -0.1 } }, 'retry.budget: expected a number from 0 to 10, received -0.1'],
    [{ retry: { budget: 10.5 } }, 'retry.budget: expected a number from 0 to 10, received 10.5'],
    [{ retry: { budget: Number.NaN } }, 'retry.budget: expected a number from 0 to 10, received NaN'],
    [
      { retry: { retires: 3 } },
      'unknown option "retry.retires"; expected one of retries, minDelay, maxDelay, budget',
    ],
    [{ retry: 5 }, 'retry: expected { retries, minDelay, maxDelay, budget }, received 5'],
    [
      { timeouts: { connect: 0 } },
      'timeouts.connect: expected an integer from 1 to 2147483647 (milliseconds), received 0',
    ],
    [
      { timeouts: { chunk: '5s' } },
      "timeouts.chunk: expected an integer from 1 to 2147483647 (milliseconds), received '5s'",
    ],
    [
      { timeouts: { page: 1.5 } },
      'timeouts.page: expected an integer from 1 to 2147483647 (milliseconds), received 1.5',
    ],
    [
      { timeouts: { body: 5 } },
      'unknown option "timeouts.body"; expected one of connect, headers, chunk, page',
    ],
  ]
  for (const [options, message] of refused) {
    t.match(refusal({ accessToken, ...options }), message)
  }
  for (const budget of [0, 0.25, 10]) {
    t.equal(clientSettings({ accessToken, retry: { budget } }).retry.budget, budget)
  }
  t.equal(clientSettings({ accessToken, timeouts: { page: 1 } }).timeouts.page, 1)
  t.equal(clientSettings({ accessToken, timeouts: { page: undefined } as object }).timeouts.page, undefined)
})

t.test('client options: retry.minDelay is at most retry.maxDelay', async t => {
  const retry = { minDelay: 5_000, maxDelay: 10 }
  t.equal(
    refusal({ accessToken, retry }),
    'HubSpotClient: retry.minDelay: expected at most 10 with retry.maxDelay 10, received 5000',
  )
  const delays = (given: object) => {
    const { minDelay, maxDelay } = clientSettings({ accessToken, retry: given }).retry
    return [minDelay, maxDelay]
  }
  t.strictSame(delays({ minDelay: 10, maxDelay: 10 }), [10, 10])
  t.strictSame(delays({ maxDelay: 10 }), [10, 10], 'the default of the other is adjusted')
  t.strictSame(delays({ minDelay: 70_000 }), [70_000, 70_000])
  t.strictSame(delays({ maxDelay: 600 }), [500, 600])
})
