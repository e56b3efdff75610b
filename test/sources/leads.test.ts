import t from 'tap'
import type { LeadpipeError } from '../../lib/errors.ts'
import { leads } from '../../lib/sources/leads.ts'
import { type LeadsOptions, leadsOptions } from '../../lib/sources/options.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

t.test('leads(): a wrong query or option is refused at once, and nothing is requested', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
  const client = openClient(t, origin)
  const refusal = async (options: unknown) => {
    const error = await failureOf(() => leads(client, options as LeadsOptions))
    t.match(error, { code: 'OPTION' })
    return (error as LeadpipeError).message
  }
  t.match(await refusal({ max: 101 }), 'leads(): max: expected an integer from 1 to 100')
  t.match(await refusal({ limit: 0 }), 'leads(): limit: expected an integer, 1 or more (leads in all)')
  t.match(await refusal(new AbortController().signal), 'leads(): options: expected an object')
  t.strictSame(targets, [])
})

t.test('leads(): the first argument must be a client', async t => {
  for (const client of [undefined, null, {}, 'token', { accessToken: 'a', get: () => {} }]) {
    t.match(await failureOf(() => leads(client as never)), {
      code: 'OPTION',
      message: /^leads\(\): client: expected a HubSpotClient /,
    })
  }
})

const refusal = async (options: unknown) =>
  ((await failureOf(() => leadsOptions(options as LeadsOptions))) as Error).message

t.test('leads options: the defaults are the documented ones', async t => {
  const defaults = {
    limit: Number.POSITIVE_INFINITY,
    lag: 60_000,
    readAheadBytes: 12 * 1024 * 1024,
    decode: 'express',
    longNumbers: 'round',
    onMissing: 'report',
    maxLeadBytes: 16 * 1024 * 1024,
    maxDepth: 100,
    highWaterMark: 16,
  }
  t.strictSame(leadsOptions().settings, defaults)
  const names = [...Object.keys(defaults), 'paging', 'from', 'signal']
  const nothing = Object.fromEntries(names.map(name => [name, undefined]))
  t.strictSame(leadsOptions(nothing as LeadsOptions).settings, defaults)
})

t.test(
  'leads options: a wrong option is refused with its name, the expected and the received value',
  async t => {
    const cases: [options: unknown, message: string][] = [
      [{ limit: 1.5 }, 'limit: expected an integer, 1 or more (leads in all), received 1.5'],
      [
        { limit: Number.POSITIVE_INFINITY },
        'limit: expected an integer, 1 or more (leads in all), received Infinity',
      ],
      [{ limit: Number.NaN }, 'limit: expected an integer, 1 or more (leads in all), received NaN'],
      [{ limit: '5' }, "limit: expected an integer, 1 or more (leads in all), received '5'"],
      [{ paging: 'guids' }, 'paging: expected "seek" or "offset", received \'guids\''],
      [{ lag: -1 }, 'lag: expected an integer from 0 to 3155760000000 (milliseconds), received -1'],
      [{ lag: 0.5 }, 'lag: expected an integer from 0 to 3155760000000 (milliseconds), received 0.5'],
      [{ readAheadBytes: -1 }, 'readAheadBytes: expected an integer, 0 or more (bytes), received -1'],
      [
        { readAheadBytes: Number.POSITIVE_INFINITY },
        'readAheadBytes: expected an integer, 0 or more (bytes), received Infinity',
      ],
      [{ decode: 'fast' }, 'decode: expected "express" or "stream-json", received \'fast\''],
      [
        { maxLeadBytes: 0 },
        'maxLeadBytes: expected an integer from 1 to 536870888 (the longest string of the engine), received 0',
      ],
      [
        { maxLeadBytes: 2 ** 29 - 23 },
        'maxLeadBytes: expected an integer from 1 to 536870888 (the longest string of the engine), received 536870889',
      ],
      [{ maxDepth: 0 }, 'maxDepth: expected an integer from 1 to 1000, received 0'],
      [{ maxDepth: 1_001 }, 'maxDepth: expected an integer from 1 to 1000, received 1001'],
      [{ highWaterMark: -1 }, 'highWaterMark: expected an integer, 0 or more (leads), received -1'],
      [{ signal: {} }, 'signal: expected an AbortSignal, received {}'],
      [
        { signal: new AbortController() },
        'signal: expected an AbortSignal, received AbortController { signal: [AbortSignal] }',
      ],
    ]
    for (const [options, message] of cases) t.equal(await refusal(options), `leads(): ${message}`)
  },
)

t.test('leads options: an option of the client is refused with a hint', async t => {
  for (const name of ['accessToken', 'apiKey', 'origin', 'concurrency', 'rateLimit', 'retry', 'timeouts']) {
    t.equal(
      await refusal({ [name]: 1 }),
      `leads(): unknown option "${name}"; it belongs to the client: new HubSpotClient({ ${name} })`,
    )
  }
  t.match(
    await refusal({ pageSize: 10 }),
    /^leads\(\): unknown option "pageSize"; expected one of search, sort, dir, max, .*, limit, paging, from, /,
  )
})

t.test('leads options: maxDepth and maxLeadBytes apply to the decoder', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[{"guid":"a","b":[[1]]}]'))
  const client = openClient(t, origin)
  for (const decode of ['express', 'stream-json'] as const) {
    t.match(await failureOf(leads(client, { decode, maxDepth: 2 }).toArray()), {
      code: 'DECODE',
      message: /deeper than maxDepth \(2\)/,
      context: { page: 1, problem: 'limit' },
    })
  }
  t.match(await failureOf(leads(client, { maxLeadBytes: 21 }).toArray()), {
    code: 'DECODE',
    message: 'page 1, byte 1: an element is larger than maxLeadBytes (21)',
  })
  t.equal((await leads(client, { maxLeadBytes: 22, maxDepth: 3, limit: 1 }).toArray()).length, 1)
})
