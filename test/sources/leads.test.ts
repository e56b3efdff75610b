import t from 'tap'
import type { LeadpipeError } from '../../lib/errors.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import { leads } from '../../lib/sources/leads.ts'
import { type LeadsOptions, leadsSettings } from '../../lib/sources/options.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

t.test('a wrong query or option is refused at once, and nothing is requested', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
  const client = openClient(t, origin)
  const refusal = async (query?: unknown, options?: unknown) => {
    const error = await failureOf(() => leads(client, query as LeadsQuery, options as LeadsOptions))
    t.match(error, { code: 'OPTION' })
    return (error as LeadpipeError).message
  }
  t.match(await refusal({ max: 101 }), 'leads() query: max: expected an integer from 1 to 100')
  t.match(
    await refusal({}, { limit: 0 }),
    'leads() options: limit: expected an integer, 1 or more (leads in all)',
  )
  t.match(await refusal({}, new AbortController().signal), 'leads() options: expected an object')
  t.strictSame(targets, [])
})

t.test('the first argument is a client', async t => {
  for (const client of [undefined, null, {}, 'token', { accessToken: 'a', get: () => {} }]) {
    t.match(await failureOf(() => leads(client as never)), {
      code: 'OPTION',
      message: /^leads\(\) client: expected a HubSpotClient /,
    })
  }
})

const refusal = async (options: unknown) =>
  ((await failureOf(() => leadsSettings(options as LeadsOptions))) as Error).message

t.test('the defaults are those that the documentation of the options gives', async t => {
  const defaults = {
    limit: Number.POSITIVE_INFINITY,
    lag: 60_000,
    readAhead: 16 * 1024 * 1024,
    decode: 'express',
    onMissing: 'report',
    maxLeadBytes: 16 * 1024 * 1024,
    maxDepth: 100,
    highWaterMark: 16,
  }
  t.strictSame(leadsSettings(), defaults)
  const names = [...Object.keys(defaults), 'paging', 'from', 'signal']
  const nothing = Object.fromEntries(names.map(name => [name, undefined]))
  t.strictSame(leadsSettings(nothing as LeadsOptions), defaults)
})

t.test('a wrong option is refused by name, with what was received and expected', async t => {
  const cases: [options: unknown, message: string][] = [
    [{ limit: 1.5 }, 'limit: expected an integer, 1 or more (leads in all), received 1.5'],
    [
      { limit: Number.POSITIVE_INFINITY },
      'limit: expected an integer, 1 or more (leads in all), received Infinity',
    ],
    [{ limit: Number.NaN }, 'limit: expected an integer, 1 or more (leads in all), received NaN'],
    [{ limit: '5' }, "limit: expected an integer, 1 or more (leads in all), received '5'"],
    [{ paging: 'guids' }, 'paging: expected "seek" or "offset", received \'guids\''],
    [{ lag: -1 }, 'lag: expected an integer, 0 or more (milliseconds), received -1'],
    [{ lag: 0.5 }, 'lag: expected an integer, 0 or more (milliseconds), received 0.5'],
    [{ readAhead: -1 }, 'readAhead: expected an integer, 0 or more (bytes), received -1'],
    [
      { readAhead: Number.POSITIVE_INFINITY },
      'readAhead: expected an integer, 0 or more (bytes), received Infinity',
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
  for (const [options, message] of cases) t.equal(await refusal(options), `leads() options: ${message}`)
})

t.test('a parameter of the API among the options is refused with where it belongs', async t => {
  const toQuery = 'it is a parameter of the API and belongs to the query, the second argument'
  t.equal(
    await refusal({ max: 10 }),
    `leads() options: unknown option "max"; ${toQuery} (max is the page size, limit the leads in all)`,
  )
  for (const name of [
    'search',
    'sort',
    'dir',
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
  ]) {
    t.equal(await refusal({ [name]: 1 }), `leads() options: unknown option "${name}"; ${toQuery}`)
  }
  t.equal(
    await refusal({ pageSize: 10 }),
    'leads() options: unknown option "pageSize"; it has: limit, paging, from, lag, readAhead, decode, onMissing, maxLeadBytes, maxDepth, highWaterMark, signal',
  )
})

t.test('the limits of the options reach the decoder', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[{"guid":"a","b":[[1]]}]'))
  const client = openClient(t, origin)
  for (const decode of ['express', 'stream-json'] as const) {
    t.match(await failureOf(leads(client, {}, { decode, maxDepth: 2 }).toArray()), {
      code: 'DECODE',
      message: /deeper than maxDepth \(2\)/,
      context: { page: 1, problem: 'limit' },
    })
  }
  t.match(await failureOf(leads(client, {}, { maxLeadBytes: 21 }).toArray()), {
    code: 'DECODE',
    message: 'page 1, byte 1: an element is larger than maxLeadBytes (21)',
  })
  t.equal((await leads(client, {}, { maxLeadBytes: 22, maxDepth: 3, limit: 1 }).toArray()).length, 1)
})
