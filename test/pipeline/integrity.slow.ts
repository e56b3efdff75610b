import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { HubSpotClient, leads, run, toFile, validate } from '../../lib/index.ts'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { listOrder } from '../support/listOrder.ts'
import { type Reshape, reshapingProxy } from '../support/reshapingProxy.ts'
import { seekOrder } from '../support/seekOrder.ts'

const count = 250
const portal = await createPortal({ leads: count })
t.teardown(() => portal.close())
const all = [...generateLeads({ count })].toSorted(seekOrder)
const listed = [...generateLeads({ count })].toSorted(listOrder)

const shapes: Record<string, Reshape> = {
  'as the portal sends them': (body, response) => response.end(body),
  'pretty-printed': (body, response) => response.end(JSON.stringify(JSON.parse(body.toString()), null, '\t')),
  gzipped: (body, response, request) => {
    response.setHeader('Content-Encoding', request.headers['accept-encoding'] === 'gzip' ? 'gzip' : 'none')
    response.end(gzipSync(body))
  },
  'in 1-byte chunks': (body, response) => {
    for (const byte of body.subarray(0, 20_000)) response.write(Buffer.of(byte))
    response.end(body.subarray(20_000))
  },
  'with a byte-order mark and every character escaped': (body, response) =>
    response.end(
      `\ufeff${body.toString().replace(/[^\x20-\x7e]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}`,
    ),
}

const ways = [
  { paging: 'seek', expected: all, source: { retries: 0 } },
  { paging: 'offset', readAheadBytes: 0, expected: listed, source: { pages: 4, requests: 4, retries: 0 } },
] as const

for (const [shape, reshape] of Object.entries(shapes)) {
  for (const decode of ['express', 'stream-json'] as const) {
    for (const { expected, source, ...way } of ways) {
      t.test(`export: bodies ${shape}, by ${decode}, ${way.paging}: all leads are written`, async t => {
        const origin = await reshapingProxy(t, portal.origin, reshape)
        await using client = new HubSpotClient({ accessToken: portal.accessToken, origin })
        const path = join(t.testdir(), 'leads.json.gz')
        const report = await run(
          leads(client, { includeDeleted: true, decode, ...way }),
          validate(),
          toFile(path),
        )
        deepStrictEqual(JSON.parse(gunzipSync(readFileSync(path)).toString()), expected)
        t.match(report, { read: count, records: count, source })
      })
    }
  }
}

t.test('export: an NDJSON file has the bytes of JSON.stringify for each lead', async t => {
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const path = join(t.testdir(), 'leads.ndjson')
  await run(leads(client, { includeDeleted: true }), toFile(path))
  t.equal(readFileSync(path, 'utf8'), all.map(lead => `${JSON.stringify(lead)}\n`).join(''))
})

t.test('leads: any page size, offset and limit read the expected part of the list', async t => {
  await using client = new HubSpotClient({
    accessToken: portal.accessToken,
    origin: portal.origin,
    rateLimit: 'none',
  })
  for (const [max, offset, limit] of [
    [1, 200, 50],
    [7, 0, 250],
    [99, 3, 1_000],
    [100, 100, 100],
  ] as const) {
    const received: unknown[] = []
    for await (const lead of leads(client, { includeDeleted: true, max, offset, limit })) received.push(lead)
    t.same(received, listed.slice(offset, offset + limit), `max ${max}, offset ${offset}, limit ${limit}`)
  }
})

t.test('HubSpotClient: one client can be used by several runs at once', async t => {
  await using client = new HubSpotClient({
    accessToken: portal.accessToken,
    origin: portal.origin,
    concurrency: 2,
  })
  const folder = t.testdir()
  const paths = ['a', 'b', 'c', 'd'].map(name => join(folder, `${name}.ndjson`))
  await Promise.all(paths.map(path => run(leads(client, { includeDeleted: true }), toFile(path))))
  const expected = all.map(lead => `${JSON.stringify(lead)}\n`).join('')
  for (const path of paths) t.equal(readFileSync(path, 'utf8'), expected)
})
