import type { IncomingMessage } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { inspect } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { flagOf } from '../../lib/cli/flags.ts'
import { type LeadpipeError, messageNaming } from '../../lib/errors.ts'
import type { AccessToken } from '../../lib/hubspot/AccessTokens.ts'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { createPortal } from '../../lib/portal/createPortal.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { leads } from '../../lib/sources/leads.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'

const everything = (value: unknown) => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })
const read = async (client: HubSpotClient, path = '/crm/x') => textOf((await client.get(path, '')).body)
const bearer = ({ headers }: IncomingMessage) => headers.authorization?.replace('Bearer ', '') ?? ''

const expired = JSON.stringify({
  status: 'error',
  message: 'The OAuth token used to make this call expired 9 second(s) ago.',
  category: 'EXPIRED_AUTHENTICATION',
})

/** A server that accepts the tokens for which `accepts` is true; `tokens` has those of all its requests. */
async function serve(t: Test, accepts: (token: string) => boolean = () => true) {
  const tokens: string[] = []
  const { origin } = await listen(t, (request, response) => {
    const token = bearer(request)
    tokens.push(token)
    if (accepts(token)) response.end('[]')
    else response.writeHead(401).end(expired)
  })
  return { origin, tokens }
}

/** A function that returns a new token with each call: token-1, token-2 and so on. */
function numbered(result: (token: string) => AccessToken | Promise<AccessToken> = token => token) {
  const state = {
    calls: 0,
    accessToken() {
      state.calls += 1
      return result(`token-${state.calls}`)
    },
  }
  return state
}

t.test('accessToken(): it is called with the first request, once for all that wait', async t => {
  const { origin, tokens } = await serve(t)
  const given = numbered(async token => {
    await turns(3)
    return token
  })
  const client = openClient(t, origin, { accessToken: given.accessToken })
  await turns(3)
  t.equal(given.calls, 0)
  await Promise.all(Array.from({ length: 10 }, () => read(client)))
  await read(client)
  t.equal(given.calls, 1)
  t.strictSame(new Set(tokens), new Set(['token-1']))
})

t.test('accessToken(): it is called again a minute before expiresAt, or a tenth of the life', async t => {
  const minute = 60_000
  for (const [life, lead] of [
    [30 * minute, minute],
    [10 * minute, minute],
    [minute, 6_000],
    [10, 1],
  ] as const) {
    const { origin, tokens } = await serve(t)
    const clock = new FakeClock()
    const given = numbered(token => ({ token, expiresAt: clock.time + life }))
    const client = openClient(t, origin, { accessToken: given.accessToken }, clock)
    await read(client)
    clock.time += life - lead - 1
    await read(client)
    clock.time += 1
    await read(client)
    t.strictSame(tokens, ['token-1', 'token-1', 'token-2'], `${life} ms`)
  }
})

t.test('accessToken(): expiresAt may be a Date, or absent', async t => {
  const { origin, tokens } = await serve(t)
  const clock = new FakeClock()
  const results = [new Date(clock.time + 100), undefined]
  const given = numbered(token => ({ token, expiresAt: results.shift() }))
  const client = openClient(t, origin, { accessToken: given.accessToken }, clock)
  await read(client)
  clock.time += 100
  await read(client)
  clock.time += 1e12
  await read(client)
  t.strictSame(tokens, ['token-1', 'token-2', 'token-2'])
})

t.test('accessToken(): after a 401 there is one call for all requests, which are sent again', async t => {
  const { origin, tokens } = await serve(t, token => token !== 'token-1')
  const given = numbered(async token => {
    await turns(20)
    return token
  })
  const client = openClient(t, origin, { accessToken: given.accessToken, retry: { retries: 0 } })
  let retries = 0
  const onRetry = () => {
    retries += 1
  }
  const answers = Array.from({ length: 12 }, async () =>
    textOf((await client.get('/crm/x', '', { onRetry })).body),
  )
  t.strictSame(new Set(await Promise.all(answers)), new Set(['[]']))
  t.equal(given.calls, 2)
  t.equal(tokens.length, 12 + retries)
  t.ok(retries >= 1 && retries <= 4, 'only the requests that were under way met the old token')
})

t.test(
  'accessToken(): the request that met a 401 is not sent again after all that wait for a slot',
  async t => {
    const { origin, targets } = await listen(t, (request, response) => {
      response.writeHead(bearer(request) === 'token-1' ? 401 : 200).end()
    })
    const client = openClient(t, origin, { accessToken: numbered().accessToken, concurrency: 1 })
    await Promise.all(Array.from({ length: 20 }, (_, number) => read(client, `/${number}`)))
    t.equal(targets.length, 21)
    t.ok(targets.lastIndexOf('/0') <= 2, targets.join())
  },
)

t.test('accessToken(): a late 401 to an old token does not replace the new one', async t => {
  let refuseLate = () => {}
  const { origin, targets } = await listen(t, (request, response) => {
    if (bearer(request) !== 'token-1') response.end('[]')
    else if (request.url === '/early') response.writeHead(401).end()
    else refuseLate = () => void response.writeHead(401).end()
  })
  const given = numbered()
  const client = openClient(t, origin, { accessToken: given.accessToken })
  const late = read(client, '/late')
  while (targets.length < 1) await turns(1)
  t.equal(await read(client, '/early'), '[]')
  refuseLate()
  t.equal(await late, '[]')
  t.equal(given.calls, 2)
})

t.test('accessToken(): a token that expires while its request waits for a limit is not sent', async t => {
  const { origin, tokens } = await serve(t)
  const clock = new FakeClock()
  const given = numbered(token => ({ token, expiresAt: clock.time + 5_000 }))
  const rateLimit = { requests: 1, interval: 4_000 }
  const client = openClient(t, origin, { accessToken: given.accessToken, rateLimit }, clock)
  await Promise.all(Array.from({ length: 4 }, () => read(client)))
  t.equal(clock.waits.filter(wait => wait === 4_000).length >= 3, true)
  t.strictSame(tokens, ['token-1', 'token-1', 'token-2', 'token-2'])
})

t.test('accessToken(): a second 401 ends with AUTH, after one more call', async t => {
  const { origin, tokens } = await serve(t, () => false)
  const given = numbered()
  const client = openClient(t, origin, { accessToken: given.accessToken })
  const error = (await failureOf(read(client))) as LeadpipeError
  t.match(error, { code: 'AUTH', retryable: false, context: { status: 401 } })
  t.equal(
    error.message,
    `the access token has expired: ${origin}/crm/x answered 401: The OAuth token used to make this call expired 9 second(s) ago. (with a new token of the function accessToken)`,
  )
  t.strictSame(tokens, ['token-1', 'token-2'])
})

t.test('accessToken: a fixed one ends with its first 401, and the message says what helps', async t => {
  const { origin, tokens } = await serve(t, () => false)
  const error = (await failureOf(read(openClient(t, origin, { accessToken: 'pat-1' })))) as LeadpipeError
  t.match(error, { code: 'AUTH', retryable: false })
  t.match(
    error.message,
    /^the access token has expired: .+ago\.; set accessToken to a new token, or to a function/,
  )
  t.match(messageNaming(error, flagOf), /ago\.; give --access-token a new token$/)
  t.strictSame(tokens, ['pat-1'])
})

t.test(
  'accessToken(): if it fails, the requests fail with AUTH and its cause, and the next calls it again',
  async t => {
    const failure = new Error('no network for token-0')
    const throws: (() => never | Promise<never>)[] = [
      () => {
        throw failure
      },
      () => Promise.reject(failure),
    ]
    for (const fail of throws) {
      const { origin, tokens } = await serve(t)
      let fails = true
      const given = numbered(token => (fails ? fail() : token))
      const client = openClient(t, origin, { accessToken: given.accessToken })
      for (const error of await Promise.all([1, 2].map(() => failureOf(read(client))))) {
        t.match(error, {
          code: 'AUTH',
          retryable: false,
          cause: failure,
          message: 'the function accessToken of the HubSpotClient failed: no network for token-0',
        })
      }
      t.strictSame([given.calls, tokens], [1, []])
      fails = false
      t.equal(await read(client), '[]')
    }
  },
)

t.test('accessToken(): a wrong result is refused, and not shown', async t => {
  const { origin, tokens } = await serve(t)
  const clock = new FakeClock()
  const begin = 'HubSpotClient: accessToken: expected a function that returns '
  const aToken = 'the token, a string without spaces, or { token, expiresAt }, received a'
  const aTime = `an expiresAt in the future, a Date or milliseconds since 1970 (now ${clock.time}), received`
  const token = 's3cret'
  const cases: [result: unknown, message: string][] = [
    [undefined, `${aToken} value of type undefined`],
    [null, `${aToken} value of type object`],
    [7, `${aToken} value of type number`],
    ['', `${aToken} string that is empty`],
    ['s3cret\n', `${aToken} string with a line break`],
    [{}, `${aToken} value of type object`],
    [{ token: 's3 cret' }, `${aToken} string with a space`],
    [{ token: ['s3cret'] }, `${aToken} value of type object`],
    [{ token, expiresAt: 's3cret' }, `${aTime} a value of type string`],
    [{ token, expiresAt: null }, `${aTime} a value of type object`],
    [{ token, expiresAt: 1_800 }, `${aTime} 1800`],
    [{ token, expiresAt: clock.time }, `${aTime} ${clock.time}`],
    [{ token, expiresAt: new Date(Number.NaN) }, `${aTime} an invalid time`],
    [
      { access_token: token, expires_in: 1_800 },
      `${aToken} value of type object; return { token, expiresAt }: the access_token of the answer, and the time at which its expires_in seconds are over`,
    ],
  ]
  for (const [result, message] of cases) {
    const client = openClient(t, origin, { accessToken: () => result as AccessToken }, clock)
    const error = (await failureOf(read(client))) as LeadpipeError
    t.equal(error.code, 'OPTION')
    t.equal(
      messageNaming(error, () => undefined),
      `${begin}${message}`,
    )
    t.equal(error.message, `${begin}${message}`)
    t.notMatch(everything(error), /s3.?cret/)
  }
  t.strictSame(tokens, [])
})

t.test('accessToken(): an abort and close() end the wait for it at once', async t => {
  const { origin, tokens } = await serve(t)
  let give: (token: string) => void = () => {}
  const accessToken = () =>
    new Promise<string>(resolve => {
      give = resolve
    })
  const client = openClient(t, origin, { accessToken })
  const controller = new AbortController()
  const aborted = failureOf(client.get('/crm/x', '', { signal: controller.signal }))
  const other = read(client)
  controller.abort('enough')
  t.equal(await aborted, 'enough')
  give('token-1')
  t.equal(await other, '[]', 'the other request still waits for it')
  const closing = openClient(t, origin, { accessToken })
  const closed = failureOf(closing.get('/crm/x', ''))
  await turns(2)
  await closing.close()
  t.match(await closed, { code: 'NETWORK', message: 'the client was closed' })
  give('token-2')
  await turns(5)
  t.strictSame(tokens, ['token-1'])
})

t.test('accessToken(): no error shows a token that was ever used, also one that begins another', async t => {
  const names = ['s3cret', 's3cret/with+more', 'third-s3cret']
  const { origin } = await listen(t, (request, response) => {
    const isFirst = bearer(request) === names[0]
    response.writeHead(isFirst ? 401 : 400).end(`you sent ${names.join(' and ')} access_token=fourth`)
  })
  let calls = 0
  const clock = new FakeClock()
  const accessToken = () => {
    calls += 1
    const token = names[calls - 1]
    if (token === undefined) throw new Error(`no more after ${names.join()}`)
    return { token, expiresAt: clock.time + 1_000 }
  }
  const client = openClient(t, origin, { accessToken }, clock)
  const errors: unknown[] = []
  for (let i = 0; i < 3; i += 1) {
    errors.push(await failureOf(read(client)))
    clock.time += 1_000
  }
  t.equal(calls, 4)
  t.match(errors[1], { code: 'HTTP', message: /you sent \*\*\* and \*\*\* and \*\*\* access_token=\*\*\*$/ })
  t.match(errors[2], { code: 'AUTH', message: /failed: no more after \*\*\*,\*\*\*,\*\*\*$/ })
  t.notMatch(everything(errors.slice(1)), /s3cret|with\+more|fourth/)
})

t.test('accessToken(): an export goes on with the page that met a 401', async t => {
  const portal = await createPortal({ leads: 400 })
  t.after(() => portal.close())
  for (const auth of ['query', 'header'] as const) {
    const results = ['old-token', portal.accessToken]
    const accessToken = () => results.shift() ?? 'none'
    const client = openClient(t, portal.origin, { accessToken, auth })
    const sink = toArray({ max: 1_000 })
    const report = await run(leads(client), sink)
    t.equal(sink.records.length, portal.leads - portal.deleted)
    t.ok((report.source?.retries ?? 0) >= 1)
  }
})

t.test(
  'accessToken(): with tokens that end at any time, one is fetched at a time and no request is lost',
  async t => {
    const concurrency = 4
    const life = fc.record({
      // A request that is sent again comes first. So it reaches a token that serves twice as many as run at once.
      uses: fc.integer({ min: 2 * concurrency, max: 20 }),
      // No token that has expired is sent, as long as no request takes a tenth of its life.
      expires: fc.option(fc.integer({ min: 2_000, max: 20_000 }), { nil: undefined }),
      delay: fc.nat({ max: 12 }),
    })
    const world = fc.record({
      lives: fc.array(life, { minLength: 1, maxLength: 6 }),
      pauses: fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 40 }),
      failing: fc.array(fc.boolean(), { maxLength: 30 }),
    })
    let accept: (token: string) => number = () => 200
    const { origin } = await listen(t, (request, response) => {
      const status = accept(bearer(request))
      response.writeHead(status).end(status === 200 ? '[]' : expired)
    })
    const retry = { retries: 100, minDelay: 5, maxDelay: 5 }
    await fc.assert(
      fc.asyncProperty(world, async ({ lives, pauses, failing }) => {
        const clock = new FakeClock()
        const issued = new Map<string, { uses: number; end: number; lead: number }>()
        let [running, most, arrived, late, early] = [0, 0, 0, 0, 0]
        accept = token => {
          clock.time += 10
          arrived += 1
          const known = issued.get(token)
          if (known === undefined || clock.time >= known.end) late += 1
          if (known === undefined || clock.time >= known.end || known.uses === 0) return 401
          known.uses -= 1
          return failing[arrived] ? 503 : 200
        }
        const accessToken = async (): Promise<AccessToken> => {
          running += 1
          most = Math.max(most, running)
          const last = Array.from(issued.values()).at(-1)
          if (last !== undefined && last.uses > 0 && clock.time < last.end - last.lead) early += 1
          const {
            uses,
            expires = Infinity,
            delay,
          } = lives[issued.size % lives.length] as (typeof lives)[number]
          await turns(delay)
          running -= 1
          const token = `token-${issued.size + 1}`
          const end = clock.time + expires
          issued.set(token, { uses, end, lead: expires === Infinity ? 0 : expires / 10 })
          return end === Infinity ? token : { token, expiresAt: end }
        }
        const client = openClient(t, origin, { accessToken, concurrency, retry }, clock)
        const answers: Promise<string>[] = []
        for (const pause of pauses) {
          answers.push(read(client))
          await turns(pause)
        }
        const all = await Promise.all(answers)
        await client.close()
        return most === 1 && late === 0 && early === 0 && all.every(answer => answer === '[]')
      }),
      { numRuns: 40 },
    )
  },
)
