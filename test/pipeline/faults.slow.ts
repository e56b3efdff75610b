import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { withClock } from '../../lib/http/Clock.ts'
import {
  HubSpotClient,
  type Lead,
  type LeadpipeError,
  type LeadsOptions,
  leads,
  run,
  toArray,
  toFile,
  validate,
} from '../../lib/index.ts'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { listOrder } from '../support/listOrder.ts'
import { seekOrder } from '../support/seekOrder.ts'

const count = 350
const all = [...generateLeads({ count })]
const guids = all.map(({ guid }) => guid)

interface Way {
  query: object
  options?: LeadsOptions
  expected: string[]
}
const ways = {
  seek: {
    query: { includeDeleted: true },
    expected: all.toSorted(seekOrder).map(({ guid }) => guid),
  },
  offset: {
    query: { includeDeleted: true },
    options: { paging: 'offset' },
    expected: all.toSorted(listOrder).map(({ guid }) => guid),
  },
  guids: { query: { includeDeleted: true, guids: [...guids].sort() }, expected: [...guids].sort() },
} as const satisfies Record<string, Way>

/** Faults after which every lead must still be read once. */
const survivable = [
  'status=500',
  'status=502,body=html',
  'status=503,Retry-After=1',
  'status=504,body=empty',
  'status=429,policy=SECONDLY',
  'status=429,policy=TEN_SECONDLY_ROLLING,Retry-After=2',
  'reset',
  'cut=0',
  'cut=0.001',
  'cut=0.5',
  'cut=0.999',
  'cut=0.5,framing=chunked',
  'cut=0.5,framing=whole',
  'drip=40000,interval=1',
  'delay=1',
]

async function exported(
  t: Test,
  faults: string,
  { query, options: reading }: Way,
  options: { faultSeed?: number; gzip?: 'auto' | 'never'; timeouts?: object; concurrency?: number } = {},
): Promise<{ guids: string[]; error?: LeadpipeError; requests: number }> {
  const { timeouts, concurrency = 4, ...portalOptions } = options
  const portal = await createPortal({ leads: count, faults, ...portalOptions })
  const client = new HubSpotClient(
    withClock(
      {
        accessToken: portal.accessToken,
        origin: portal.origin,
        rateLimit: 'none',
        concurrency,
        retry: { retries: 12 },
        ...(timeouts ? { timeouts } : {}),
      },
      new FakeClock(),
    ),
  )
  t.teardown(async () => {
    await client.close()
    await portal.close()
  })
  const sink = toArray<Lead>({ max: 10 * count })
  const error = await run(leads(client, { ...query, ...reading }), validate(), sink).then(
    () => undefined,
    (failure: LeadpipeError) => failure,
  )
  return {
    guids: sink.records.map(({ guid }) => guid),
    requests: portal.requestCount,
    ...(error ? { error } : {}),
  }
}

for (const [name, way] of Object.entries(ways)) {
  const sortedIfGuids = (list: string[]) => (name === 'guids' ? [...list].sort() : list)
  for (const place of ['page=first x1', 'page=3 x1', 'page=last x1', 'page=1- x2']) {
    t.test(`leads: ${name} paging: with each fault at ${place}, each lead is read once`, async t => {
      for (const fault of survivable) {
        // Compression makes a difference if the body breaks.
        const encodings = /^(cut|drip)/.test(fault) ? (['auto', 'never'] as const) : (['auto'] as const)
        for (const gzip of encodings) {
          const { guids, error } = await exported(t, `${place}:${fault}`, way, { gzip })
          t.equal(error, undefined, `${fault}, gzip ${gzip}: ${error?.message}`)
          t.strictSame(sortedIfGuids(guids), way.expected, `${fault}, gzip ${gzip}`)
        }
      }
    })
  }

  t.test(`leads: ${name} paging: with random faults by seed, each lead is read once`, async t => {
    const faults = survivable.map(fault => `4%:${fault}`).join('; ')
    for (let faultSeed = 1; faultSeed <= 6; faultSeed += 1) {
      const { guids, error } = await exported(t, faults, way, { faultSeed })
      t.equal(error, undefined, `seed ${faultSeed}: ${error?.message}`)
      t.strictSame(sortedIfGuids(guids), way.expected, `seed ${faultSeed}`)
    }
  })

  t.test(`leads: ${name} paging: a stall ends with the timeout, and the rest is requested again`, async t => {
    const timeouts = { headers: 1_100, chunk: 1_100 }
    const { guids, error } = await exported(t, 'page=2 x1:stall; page=3 x1:stall=0.5', way, { timeouts })
    t.equal(error, undefined)
    t.strictSame(sortedIfGuids(guids), way.expected)
  })
}

const ends: [faults: string, code: string, requests: number][] = [
  ['#3-:status=401,body=html', 'AUTH', 3],
  ['#3-:status=403', 'AUTH', 3],
  ['#3-:status=429,policy=DAILY', 'DAILY_LIMIT', 3],
  ['#3-:status=404', 'HTTP', 3],
  ['#3-:status=301,Location=/elsewhere', 'HTTP', 3],
  ['#3-:status=500', 'HTTP', 15],
  ['#3-:status=429', 'RATE_LIMIT', 15],
  ['#3-:reset', 'NETWORK', 15],
  ['#3-:cut=0', 'NETWORK', 15],
  ['page=2:garbage=html', 'DECODE', 14],
  ['page=2:garbage=broken', 'DECODE', 2],
  ['page=2:garbage=unbalanced', 'DECODE', 2],
  ['page=2:garbage=malformed', 'DECODE', 2],
  ['page=2:element=null', 'DECODE', 2],
]
for (const [faults, code, requests] of ends) {
  t.test(`leads: ${faults} ends with ${code} within the retries, without the token in the error`, async t => {
    // Seek paging requests the last leads of a page again, and receives them whole.
    const bySeek = faults === 'page=2:element=null' ? [] : [ways.seek]
    for (const way of [ways.offset, ...bySeek]) {
      for (const concurrency of [1, 4]) {
        const result = await exported(t, faults, way, { concurrency })
        t.equal(result.error?.code, code)
        if (concurrency === 1) t.equal(result.requests, requests)
        const { message, context, cause } = result.error ?? {}
        t.notMatch(JSON.stringify([message, context, String(cause)]), /demooooo/)
      }
    }
  })
}

t.test('leads: elements that are not leads are quarantined, and the rest of the page is read', async t => {
  const faults = 'page=2:garbage=malformed; page=3:element=[1]; page=4:oversized=20000'
  const portal = await createPortal({ leads: count, faults })
  t.teardown(() => portal.close())
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const folder = t.testdir()
  const [path, rejected] = [join(folder, 'leads.ndjson'), join(folder, 'rejected.ndjson')]
  const report = await run(
    leads(client, { includeDeleted: true, paging: 'offset', maxLeadBytes: 16_000 }),
    validate({ onInvalid: 'quarantine', quarantine: rejected }),
    toFile(path),
  )
  t.match(report, { records: count - 3, quarantined: 3, source: { rejected: 3 } })
  const rules = readFileSync(rejected, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).errors[0].rule)
  t.strictSame(rules, ['malformed', 'not a lead', 'too large'])
})
