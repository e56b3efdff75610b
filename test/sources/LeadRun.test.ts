import { deepStrictEqual } from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { noChanges } from '../../lib/stage/Changes.ts'
import { someLeads } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { pageAfterPage } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

const decodes = ['express', 'stream-json'] as const

/** tap's own comparison is slow for so many leads. */
const sameLeads: (received: unknown, expected: unknown, message?: string) => void = deepStrictEqual

/** The offset and max of each request, in order. */
const pagesIn = (targets: string[]) =>
  targets.map(target => {
    const { searchParams } = new URL(target, 'http://localhost')
    return `${searchParams.get('offset') ?? '-'}/${searchParams.get('max')}`
  })

/** A server that sends at most `cap` leads a page. */
function serveCapped(t: Test, list: readonly unknown[], cap: number) {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const offset = Number(searchParams.get('offset') ?? 0)
    const max = Math.min(Number(searchParams.get('max')), cap)
    response.end(JSON.stringify(list.slice(offset, offset + max)))
  })
}

for (const decode of decodes) {
  t.test(`leads: ${decode}: every lead arrives once, in the order of the server`, async t => {
    const list = someLeads(250, 1)
    const { origin, targets } = await serveLeads(t, list)
    const source = pageAfterPage(openClient(t, origin), { decode })
    t.ok(source instanceof Readable)
    sameLeads(await source.toArray(), list)
    t.strictSame(pagesIn(targets), ['-/100', '100/100', '200/100', '250/100'])
    t.match(source.counts, {
      requests: 4,
      retries: 0,
      pages: 4,
      scanned: 250,
      scannedOnPages: 250,
      tokenisedOnPages: 250,
      decoded: 250,
      malformed: 0,
      delivered: 250,
      ...noChanges(),
    })
  })

  t.test(`leads: ${decode}: "a server that clamps max to 100 silently" loses no lead`, async t => {
    const list = someLeads(100)
    const { origin, targets } = await serveCapped(t, list, 30)
    sameLeads(await pageAfterPage(openClient(t, origin), { decode }).toArray(), list)
    t.strictSame(pagesIn(targets), ['-/100', '30/100', '60/100', '90/100', '100/100'])
  })

  t.test(`leads: ${decode}: with a limit, no more leads are requested than needed`, async t => {
    const cases: [limit: number, query: LeadsQuery, requests: string[]][] = [
      [1, {}, ['-/1']],
      [99, {}, ['-/99']],
      [100, {}, ['-/100']],
      [150, {}, ['-/100', '100/50']],
      [7, { max: 3 }, ['-/3', '3/3', '6/1']],
      [7, { max: 3, offset: 10 }, ['10/3', '13/3', '16/1']],
    ]
    const list = someLeads(200)
    for (const [limit, query, requests] of cases) {
      const { origin, targets } = await serveLeads(t, list)
      const source = pageAfterPage(openClient(t, origin), { ...query, limit, decode })
      const { offset = 0 } = query
      sameLeads(await source.toArray(), list.slice(offset, offset + limit))
      t.strictSame(pagesIn(targets), requests)
      const { scanned, decoded, malformed, delivered, scannedOnPages, tokenisedOnPages } = source.counts
      t.strictSame([scanned, decoded, malformed, delivered], [limit, limit, 0, limit])
      t.equal(scannedOnPages, tokenisedOnPages)
    }
  })

  t.test(`leads: ${decode}: a server that ignores max is read no further than the limit`, async t => {
    const list = someLeads(50)
    const { origin, targets } = await listen(t, (_request, response) => response.end(JSON.stringify(list)))
    const source = pageAfterPage(openClient(t, origin), { limit: 20, decode })
    sameLeads(await source.toArray(), list.slice(0, 20))
    const { scanned, decoded, malformed, delivered, unused } = source.counts
    t.strictSame([scanned, decoded, malformed, delivered, unused], [50, 50, 0, 20, 30])
    t.equal(targets.length, 1)
  })

  t.test(`leads: ${decode}: a server that ignores offset is PAGING, not a loop`, async t => {
    const list = someLeads(30)
    const { origin, targets } = await listen(t, (_request, response) => response.end(JSON.stringify(list)))
    const received: Lead[] = []
    const error = await failureOf(async () => {
      for await (const lead of pageAfterPage(openClient(t, origin), { decode, highWaterMark: 1 })) {
        received.push(lead)
      }
    })
    t.match(error, {
      code: 'PAGING',
      retryable: false,
      context: { guid: 'lead-0', offset: 30, previousOffset: 0 },
    })
    sameLeads(received, list, 'the second page is not delivered')
    t.equal(targets.length, 2)
  })

  t.test(`leads: ${decode}: an element that is not an object is DECODE with its page and place`, async t => {
    for (const [text, kind] of [
      ['null', 'null'],
      ['[{"guid":"b"}]', 'an array'],
      ['"a lead"', 'a string'],
      ['7', 'a number'],
      ['true', 'a boolean'],
    ]) {
      const { origin } = await listen(t, (request, response) => {
        response.end(
          request.url?.includes('offset=') ? `[{"guid":"b"},${text},{"guid":"c"}]` : '[{"guid":"a"}]',
        )
      })
      const received: unknown[] = []
      const error = await failureOf(async () => {
        for await (const { guid } of pageAfterPage(openClient(t, origin), { decode, highWaterMark: 1 })) {
          received.push(guid)
        }
      })
      t.match(error, {
        code: 'DECODE',
        retryable: false,
        message: `element 1: it is ${kind}, expected a lead (an object)`,
        context: { page: 2, element: 1, offset: Number, problem: 'malformed' },
      })
      t.strictSame(received, ['a', 'b'])
    }
  })

  t.test(`leads: ${decode}: an error in a body names the page, after the leads before it`, async t => {
    const { origin } = await listen(t, (request, response) => {
      if (!request.url?.includes('offset=')) response.end('[{"guid":"a"}]')
      else if (request.headers.authorization === 'Bearer reset') {
        response.writeHead(200, { 'Content-Length': 100 })
        response.write('[{"guid":"b"},', () => request.socket.resetAndDestroy())
      } else {
        response.write('[{"guid":"b"},')
        setImmediate(() => response.end(request.headers.authorization === 'Bearer cut' ? '{"gu' : '}]'))
      }
    })
    for (const [accessToken, expected] of [
      [
        'reset',
        {
          code: 'NETWORK',
          retryable: true,
          message: /^page 2, byte 14: http:.+/,
          context: { page: 2, offset: 14 },
        },
      ],
      [
        'cut',
        {
          code: 'DECODE',
          retryable: true,
          message: /^page 2, byte 18: the body ends/,
          context: { page: 2, offset: 18 },
        },
      ],
      [
        'bad',
        {
          code: 'DECODE',
          retryable: false,
          message: /^page 2, byte \d+: the body is not valid JSON/,
          context: { page: 2 },
        },
      ],
    ] as const) {
      const received: string[] = []
      const source = pageAfterPage(
        openClient(t, origin, { accessToken, auth: 'header', retry: { retries: 0 } }),
        { decode, highWaterMark: 1 },
      )
      const error = await failureOf(async () => {
        for await (const { guid } of source) received.push(guid)
      })
      t.match(error, expected, accessToken)
      // stream-json emits nothing of a chunk that is malformed anywhere.
      const count = decode === 'stream-json' && accessToken === 'bad' ? received.length : 2
      t.strictSame(received, ['a', 'b'].slice(0, count), accessToken)
      t.match(source.counts, { pages: 1, delivered: count, decoded: count })
    }
  })
}

t.test('leads: both decoders deliver and count the same', async t => {
  const { origin } = await serveLeads(t, [...someLeads(120, 1), { guid: 'é😀', __proto__x: null }])
  const [express, streamJson] = decodes.map(decode => pageAfterPage(openClient(t, origin), { decode }))
  t.strictSame(await express?.toArray(), await streamJson?.toArray())
  t.strictSame(express?.counts, streamJson?.counts)
})

t.test('leads: the query is sent with every page', async t => {
  const { origin, targets } = await serveLeads(t, someLeads(3))
  const query: LeadsQuery = {
    max: 2,
    sort: 'email',
    search: 'a b',
    startTime: new Date(5),
  }
  const source = pageAfterPage(openClient(t, origin, { accessToken: 'T' }), query)
  await source.toArray()
  t.strictSame(source.query, {
    max: 2,
    sort: 'email',
    search: 'a b',
    startTime: 5,
    timePivot: 'insertedAt',
  })
  const rest = 'startTime=5&timePivot=insertedAt'
  t.strictSame(targets, [
    `/leads/v1/list?access_token=T&search=a%20b&sort=email&max=2&${rest}`,
    `/leads/v1/list?access_token=T&search=a%20b&sort=email&max=2&offset=2&${rest}`,
    `/leads/v1/list?access_token=T&search=a%20b&sort=email&max=2&offset=3&${rest}`,
  ])
})

t.test('leads: an empty portal is an empty source', async t => {
  const { origin, targets } = await serveLeads(t, [])
  const source = pageAfterPage(openClient(t, origin))
  t.strictSame(await source.toArray(), [])
  t.equal(targets.length, 1)
  t.match(source.counts, { pages: 1, delivered: 0 })
})

t.test('leads: retries are counted, and lose no lead', async t => {
  const list = someLeads(250)
  let arrived = 0
  const { origin } = await listen(t, (request, response) => {
    arrived += 1
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const offset = Number(searchParams.get('offset') ?? 0)
    if (arrived % 2 === 1) response.writeHead(503).end()
    else response.end(JSON.stringify(list.slice(offset, offset + 100)))
  })
  const source = pageAfterPage(openClient(t, origin))
  sameLeads(await source.toArray(), list)
  t.match(source.counts, { requests: 8, retries: 4, pages: 4, delivered: 250 })
})

t.test('leads: a page with a permanent error fails the source after the leads before it', async t => {
  const { origin } = await listen(t, (request, response) => {
    if (request.url?.includes('offset=')) response.writeHead(403).end()
    else response.end('[{"guid":"a"}]')
  })
  const received: string[] = []
  const error = await failureOf(async () => {
    for await (const { guid } of pageAfterPage(openClient(t, origin), { highWaterMark: 1 }))
      received.push(guid)
  })
  t.match(error, { code: 'AUTH', context: { status: 403 } })
  t.strictSame(received, ['a'])
})

t.test('leads: each page is published on leadpipe:page', async t => {
  const published: unknown[] = []
  const keep = (message: unknown) => void published.push(message)
  subscribe('leadpipe:page', keep)
  t.after(() => unsubscribe('leadpipe:page', keep))
  const { origin } = await listen(t, (request, response) => {
    response.end(request.url?.includes('offset=') ? '[]' : '[{"guid":"a"}, {"guid":"b"}]')
  })
  await pageAfterPage(openClient(t, origin)).toArray()
  t.strictSame(published, [
    { page: 1, leads: 2, bytes: 28 },
    { page: 2, leads: 0, bytes: 2 },
  ])
})

t.test('leads: nothing is requested before the first read', async t => {
  const { origin, targets } = await serveLeads(t, someLeads(3))
  const client = openClient(t, origin)
  pageAfterPage(client)
  const read = pageAfterPage(client, { search: 'read' })
  await read.toArray()
  t.ok(targets.every(target => target.includes('search=read')))
})

t.test('leads: at most highWaterMark leads are read ahead', async t => {
  for (const highWaterMark of [0, 1, 5, 1_000]) {
    for (const decode of decodes) {
      const { origin } = await serveLeads(t, someLeads(300))
      const source = pageAfterPage(openClient(t, origin), {
        ...({
          highWaterMark,
          decode,
        } satisfies LeadsOptions),
      })
      t.equal(source.readableHighWaterMark, highWaterMark)
      let taken = 0
      let ahead = 0
      for await (const _ of source) {
        taken += 1
        ahead = Math.max(ahead, source.counts.delivered - taken)
      }
      t.equal(taken, 300)
      t.ok(ahead <= Math.max(1, highWaterMark), `${ahead} ahead`)
    }
  }
})

t.test('leads: a second `for await` over a source that has ended gets nothing', async t => {
  const { origin } = await serveLeads(t, someLeads(3))
  const source = pageAfterPage(openClient(t, origin))
  let count = 0
  for await (const _ of source) count += 1
  for await (const _ of source) count += 1
  t.equal(count, 3)
})

t.test(
  'leads: two consumers in sequence share the leads, if the first does not destroy the source',
  async t => {
    const list = someLeads(150)
    const { origin } = await serveLeads(t, list)
    const source = pageAfterPage(openClient(t, origin))
    const received: Lead[] = []
    for await (const lead of source.iterator({ destroyOnReturn: false })) {
      received.push(lead)
      if (received.length === 120) break
    }
    for await (const lead of source) received.push(lead)
    sameLeads(received, list)
  },
)

t.test('leads: a second `for await` after one that was left fails, and does not hang', async t => {
  const { origin } = await serveLeads(t, someLeads(150))
  const source = pageAfterPage(openClient(t, origin))
  for await (const _ of source) break
  const error = await failureOf(async () => {
    for await (const _ of source) t.fail('a destroyed source delivered a lead')
  })
  t.match(error, { code: /PREMATURE_CLOSE|ABORT/ })
})

t.test('leads: a source can be read by events, by read() and by pipe', async t => {
  const list = someLeads(120)
  const { origin } = await serveLeads(t, list)
  const client = openClient(t, origin)
  const byData: Lead[] = []
  const flowing = pageAfterPage(client)
  flowing.on('data', lead => byData.push(lead))
  await new Promise(resolve => flowing.once('close', resolve))
  sameLeads(byData, list)
  const byRead: Lead[] = []
  const paused = pageAfterPage(client)
  paused.on('readable', () => {
    for (let lead = paused.read() as Lead | null; lead !== null; lead = paused.read()) byRead.push(lead)
  })
  await new Promise(resolve => paused.once('close', resolve))
  sameLeads(byRead, list)
})

t.test('leads: many sources can share one client', async t => {
  const list = someLeads(250)
  const { origin } = await serveLeads(t, list)
  const client = openClient(t, origin)
  const all = await Promise.all(Array.from({ length: 10 }, () => pageAfterPage(client).toArray()))
  for (const received of all) sameLeads(received, list)
})
