import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import { kinds } from '../../lib/portal/faults/language/kinds.ts'
import { PageNumbers } from '../../lib/portal/faults/PageNumbers.ts'
import { createPortal, type Portal, parseFaults } from '../../lib/portal/index.ts'
import { eventually } from '../support/eventually.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { root } from '../support/root.ts'
import { getGuids, getList, refusalOf } from './helpers/getList.ts'
import { type PathOptions, type Reply, requestPath, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

/** The paths of three pages with ten, ten and five leads. */
const pages = [0, 10, 20].map(offset => `/leads/v1/list?max=10&offset=${offset}&includeDeleted=true`)
const five = Array.from({ length: 5 }, (_, n) => ({ guid: `g${n}`, insertedAt: n, lastModifiedAt: 1 }))

async function readPages(portal: Portal, options?: PathOptions): Promise<Reply[]> {
  const all: Reply[] = []
  for (const path of pages) all.push(await requestWithToken(portal, path, options))
  return all
}

/** The pages of a portal without faults. */
const plainPages = (async () => {
  await using portal = await createPortal({ leads: 25 })
  return await readPages(portal)
})()

const faultsOf = (portal: Portal) => portal.requests.map(({ faults }) => faults.join(' + '))
const parses = (body: Buffer) => {
  try {
    return JSON.parse(body.toString()) as unknown
  } catch {
    return undefined
  }
}
const half = (body: Buffer) => body.subarray(0, Math.floor(body.length / 2))
const balance = (text: string) => text.split(/[[{]/).length - text.split(/[\]}]/).length
const gzip: PathOptions = { headers: { 'Accept-Encoding': 'gzip' } }

/** Checks of each fault: the reply with it against the reply without. */
const outcomes: Record<string, (t: Test, got: Reply, whole: Reply) => void> = {
  'status=503': (t, { status, body }) => t.match([status, parses(body)], [503, { status: 'error' }]),
  'status=500,body=empty': (t, { status, body }) => t.same([status, body.length], [500, 0]),
  reset: (t, { status, broken }) => t.same([status, broken], [0, 'reset']),
  'cut=0': (t, { status, broken, body }) => t.same([status, broken, body.length], [200, 'closed', 0]),
  'cut=0.5': (t, { broken, body, headers }, whole) => {
    t.equal(broken, 'closed')
    t.equal(Number(headers['content-length']), whole.body.length)
    t.ok(body.equals(half(whole.body)))
  },
  'cut=0.5,framing=chunked': (t, { broken, body, headers }, whole) => {
    t.equal(broken, 'closed')
    t.equal(headers['transfer-encoding'], 'chunked')
    t.ok(body.equals(half(whole.body)))
  },
  'cut=0.5,framing=whole': (t, { broken, body, headers }, whole) => {
    t.equal(broken, undefined, 'the connection does not break')
    t.equal(Number(headers['content-length']), body.length)
    t.ok(body.equals(half(whole.body)))
  },
  'drip=3000,interval=0': (t, { broken, body }, whole) => {
    t.equal(broken, undefined)
    t.ok(body.equals(whole.body))
  },
  'delay=1': (t, { body }, whole) => t.ok(body.equals(whole.body)),
  'garbage=html': (t, { status, body, headers }) =>
    t.match(
      [status, headers['content-type'], body.toString()],
      [200, 'text/html;charset=utf-8', /^<!DOCTYPE html>/],
    ),
  'garbage=broken': (t, { status, body }, whole) => {
    t.equal(status, 200)
    t.equal(body.toString(), `${whole.body.toString().slice(0, -1)},]`)
  },
  'garbage=unbalanced': (t, { body }, whole) => {
    t.equal(body.length, whole.body.length - 1)
    t.equal(balance(body.toString()), balance(whole.body.toString()) + 1)
    t.equal(parses(body), undefined)
  },
  'garbage=malformed': (t, { body }, whole) => {
    t.equal(body.length, whole.body.length + 1)
    t.equal(balance(body.toString()), balance(whole.body.toString()))
    t.same(parses(Buffer.from(body.toString().replace(',}', '}'))), parses(whole.body))
  },
  element: (t, { body }, whole) =>
    t.same(
      parses(body),
      withMiddle(whole, () => null),
    ),
  'element="[\\"a\\"]"': (t, { body }, whole) =>
    t.same(
      parses(body),
      withMiddle(whole, () => ['a']),
    ),
  'oversized=50000': (t, { body }, whole) =>
    t.same(
      parses(body),
      withMiddle(whole, lead => ({ ...lead, padding: 'x'.repeat(50_000) })),
    ),
}

function withMiddle({ body }: Reply, change: (lead: object) => unknown): unknown[] {
  const leads = parses(body) as object[]
  return leads.with(leads.length >> 1, change(leads[leads.length >> 1] as object) as object)
}

for (const [fault, check] of Object.entries(outcomes)) {
  t.test(`${fault} on the first, second or last page changes this page every time, and no other`, async t => {
    const plain = await startPortal(t, { leads: 25 })
    const whole = await readPages(plain)
    for (const [place, page] of ['first', '2', 'last'].entries()) {
      const portal = await startPortal(t, { leads: 25, faults: `page=${page}:${fault}` })
      for (const round of [1, 2]) {
        for (const [index, got] of (await readPages(portal)).entries()) {
          if (index === place) check(t, got, whole[index] as Reply)
          else
            t.ok(
              got.body.equals(whole[index]?.body as Buffer) && got.broken === undefined,
              `${page}, ${round}`,
            )
        }
      }
      t.same(
        portal.requests.map(({ faults }) => faults.length),
        [0, 1, 2, 0, 1, 2].map(index => Number(index === place)),
      )
    }
  })
}

t.test('faults: a compressed body is cut and dripped in its compressed bytes', async t => {
  const portal = await startPortal(t, {
    leads: 25,
    faults: 'page=1:cut=0.5; page=2:cut=0.5,framing=whole; page=3:drip=50,interval=0',
  })
  const plain = await readPages(await startPortal(t, { leads: 25 }), gzip)
  const got = await readPages(portal, gzip)
  t.same(
    got.map(({ broken }) => broken),
    ['closed', undefined, undefined],
  )
  for (const index of [0, 1]) {
    t.ok(got[index]?.body.equals(half(plain[index]?.body as Buffer)))
    t.throws(() => gunzipSync(got[index]?.body as Buffer), { code: 'Z_BUF_ERROR' })
  }
  t.ok(got[2]?.body.equals(plain[2]?.body as Buffer))
})

t.test('faults: status answers with its policy, headers, page or text', async t => {
  const portal = await startPortal(t, {
    leads: 1,
    errors: 'html',
    faults: [
      '#1:status=429,policy=DAILY,body=json,Retry-After=3600,X-HubSpot-RateLimit-Daily-Remaining=0',
      '#2:status=503',
      '#3:status=502,body="<h1>502</h1>",Content-Type=text/html',
      '#4:status=302,body=empty,Location="http://127.0.0.1:1/"',
      '#5:status=200,body="no gzip",Content-Encoding=gzip',
    ].join(';'),
  })
  const all: Reply[] = []
  for (let n = 0; n < 5; n++) all.push(await getList(portal))
  const [daily, page, text, moved, lie] = all as [Reply, Reply, Reply, Reply, Reply]
  t.match(parses(daily.body), {
    errorType: 'RATE_LIMIT',
    policyName: 'DAILY',
    message: 'You have reached your daily limit.',
  })
  t.match(daily.rawHeaders.join(), /Retry-After,3600,X-HubSpot-RateLimit-Daily-Remaining,0/)
  t.match(
    [page.status, page.body.toString()],
    [503, /^<html>.*HTTP Status 503/],
    'the page has the form of the option `errors`',
  )
  t.match(
    [text.status, text.headers['content-type'], text.body.toString()],
    [502, 'text/html', '<h1>502</h1>'],
  )
  t.match([moved.status, moved.headers.location, moved.body.length], [302, 'http://127.0.0.1:1/', 0])
  t.match([lie.headers['content-encoding'], lie.body.toString()], ['gzip', 'no gzip'])
})

t.test('faults: an empty page and a single lead are changed, too', async t => {
  const cases: [fault: string, empty: string, single: string][] = [
    ['garbage=broken', '[,]', '{"guid":"g0","insertedAt":0,"lastModifiedAt":1,}'],
    ['garbage=unbalanced', '[{]', '{"guid":"g0","insertedAt":0,"lastModifiedAt":1'],
    ['garbage=malformed', '[{,}]', '{"guid":"g0","insertedAt":0,"lastModifiedAt":1,}'],
    ['element=42', '[42]', '42'],
    ['oversized=2', '[{"padding":"xx"}]', '{"guid":"g0","insertedAt":0,"lastModifiedAt":1,"padding":"xx"}'],
  ]
  for (const [fault, empty, single] of cases) {
    const portal = await startPortal(t, { leads: five, faults: `*:${fault}` })
    t.equal((await getList(portal, 'max=0')).body.toString(), empty)
    t.equal((await requestWithToken(portal, '/leads/v1/lead/g0')).body.toString(), single)
    t.match(
      refusalOf(await requestWithToken(portal, '/leads/v1/lead/nobody')),
      '404',
      'an error is unchanged',
    )
  }
})

t.test('faults: oversized leads have a little more than 16 MiB by default', async t => {
  const portal = await startPortal(t, { leads: five, faults: '*:oversized' })
  const { body } = await getList(portal)
  t.ok(body.length > 16 * 1_048_576 && body.length < 17 * 1_048_576)
})

t.test('faults: faults that act before a PUT prevent its change, faults after it do not', async t => {
  const cases: [fault: string, isMade: boolean][] = [
    ['status=503', false],
    ['reset', false],
    ['cut=0.5', true],
    ['garbage=html', true],
    ['delay=1', true],
    ['drip=10,interval=0', true],
  ]
  for (const [fault, isMade] of cases) {
    const portal = await startPortal(t, { leads: five, faults: `PUT /leads/v1/lead/g2 x1:${fault}` })
    const put = (guid: string) =>
      requestWithToken(portal, `/leads/v1/lead/${guid}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: '{"city":"X"}',
      })
    t.equal((await put('g1')).status, 200)
    await put('g2')
    t.same(faultsOf(portal), [
      '',
      `/leads/v1/lead/g2 x1 PUT:${fault}`.replace('/leads/v1/lead/g2 x1', 'x1 /leads/v1/lead/g2'),
    ])
    const { body } = await requestWithToken(portal, '/leads/v1/lead/g2')
    t.equal((parses(body) as Lead).city, isMade ? 'X' : undefined, fault)
    t.equal((await put('g2')).status, 200, 'the fault applies once')
  }
})

t.test('faults: only requests with a token, within the limits and to a known path are counted', async t => {
  const portal = await startPortal(t, {
    leads: five,
    now: () => 9,
    rateLimit: { daily: 4 },
    faults:
      '#2:status=500; /leads/v1/lead/ #2:status=501; PUT #1:status=502; every=3 GET:status=503; #4:status=504',
  })
  const paths = ['/nowhere', '/leads/v1/lead/g0', '/leads/v1/list', '/leads/v1/lead/g1']
  for (const path of paths) {
    t.equal((await requestPath(portal, path)).status, path === '/nowhere' ? 404 : 401)
    await requestWithToken(portal, path)
  }
  await requestWithToken(portal, '/leads/v1/lead/g1', { method: 'PUT', body: '{}' })
  await requestWithToken(portal, '/leads/v1/list')
  t.same(
    portal.requests.filter(({ url }) => url.includes('access_token')).map(({ status }) => status),
    [404, 200, 500, 501, 502, 429],
  )
})

t.test(
  'faults: a repeated list keeps its page number, whatever its token; a new list gets the next',
  async t => {
    const portal = await startPortal(t, { leads: 25, faults: 'page=2 x3:status=503' })
    const statuses: number[] = []
    for (const index of [0, 1, 1, 0, 2, 1, 1])
      statuses.push((await requestWithToken(portal, pages[index] as string)).status)
    t.same(statuses, [200, 503, 503, 200, 200, 503, 200])
    const other = await startPortal(t, { leads: 25, faults: 'page=1:status=503' })
    await requestWithToken(other, '/leads/v1/lead/nobody')
    const bearer = { headers: { Authorization: `Bearer ${other.accessToken}` } }
    t.equal((await requestWithToken(other, pages[0] as string)).status, 503)
    t.equal((await requestPath(other, pages[0] as string, bearer)).status, 503)
    const numbers = new PageNumbers()
    const numberAt = (offset: number) =>
      numbers.of({
        path: '/leads/v1/list',
        query: new URLSearchParams({ offset: String(offset) }),
        body: Buffer.alloc(0),
      })
    for (let n = 1; n <= 10_001; n++) numberAt(n)
    t.equal(numberAt(10_001), 10_001)
    t.equal(numberAt(1), 10_002, 'a page is forgotten after 10,000 others')
  },
)

t.test(
  'faults: page=last is a page with fewer leads than its max; a list that is refused has no page',
  async t => {
    const portal = await startPortal(t, { leads: five, faults: 'page=last:status=503' })
    const statuses = async (...queries: string[]) => {
      const all: number[] = []
      for (const query of queries) all.push((await getList(portal, query)).status)
      return all
    }
    t.same(
      await statuses('max=5', 'max=6', 'max=2&offset=4', 'max=5&offset=5', 'max=0', 'max=ten'),
      [200, 503, 503, 503, 200, 400],
    )
  },
)

t.test(
  'faults: changes and delays apply first and together; of other faults the first matching rule applies',
  async t => {
    const rules = [
      '*:insert',
      '#1-2:status=503',
      '* x1:reset',
      '#1:delay=1',
      '#2:delay=0',
      '*:touch=2',
      'x1:status=501',
    ]
    const faults = rules.map(rule => rule.replace('* x1', 'x1')).join(';')
    const portal = await startPortal(t, { leads: five, faults })
    const outcome: unknown[] = []
    for (let n = 0; n < 5; n++) outcome.push((await getList(portal)).status)
    t.same(outcome, [503, 503, 0, 501, 200], 'a rule that does not apply keeps its count')
    t.same(faultsOf(portal), [
      '*:insert + #1-2:status=503 + #1:delay=1 + *:touch=2',
      '*:insert + #1-2:status=503 + #2:delay=0 + *:touch=2',
      '*:insert + x1:reset + *:touch=2',
      '*:insert + *:touch=2 + x1:status=501',
      '*:insert + *:touch=2',
    ])
    t.equal(portal.leads, 10)
  },
)

t.test('faults: changes of the data are the same, byte for byte, for the same seed and requests', async t => {
  const listAfter = async (faultSeed: number) => {
    const portal = await startPortal(t, {
      leads: 60,
      faultSeed,
      now: () => 1_400_000_000_000,
      faults: '*:delete=3; every=2:insert=2; every=3:undelete=2; 50%:touch; every=4:reorder',
    })
    for (let n = 0; n < 3; n++) await readPages(portal)
    return (await getList(portal, 'max=100&includeDeleted=true')).body.toString()
  }
  const first = await listAfter(3)
  t.equal(await listAfter(3), first)
  t.not(await listAfter(4), first)
})

t.test('faults: a portal that is started again from its file inserts other leads than before', async t => {
  const db = join(t.testdir(), 'leads.db')
  for (const leads of [120, 140, 160]) {
    await using portal = await createPortal({
      leads: leads === 120 ? 100 : undefined,
      db,
      faults: '*:insert=10',
    })
    for (let n = 0; n < 2; n++) t.equal((await getList(portal)).status, 200)
    t.equal(portal.leads, leads)
  }
})

t.test('faults: each change changes exactly its leads', async t => {
  const now = 1_400_000_000_000
  const leads = five.map((lead, n) => ({ ...lead, isDeleted: n === 4 }))
  const after = async (faults: string) => {
    const portal = await startPortal(t, { leads, faults, now: () => now })
    const before = (await getGuids(portal)).length
    return { before, leads: parses((await getList(portal, 'includeDeleted=true')).body) as Lead[], portal }
  }
  const inserted = await after('#1:insert=3')
  t.equal(inserted.before, 7, 'leads are inserted before the answer')
  t.equal(inserted.portal.leads, 8)
  for (const lead of inserted.leads.slice(5)) {
    t.match(lead, { insertedAt: now, lastModifiedAt: now, isDeleted: false, imported: false, closedAt: 0 })
    t.match(lead.guid, /^[\da-f]{32}$/)
    t.ok((lead.leadConversionEvents ?? []).every(({ convertDate = 0 }) => convertDate <= now))
    t.equal(lead.numConversionEvents, lead.leadConversionEvents?.length)
  }
  const deleted = await after('#1:delete=2')
  t.equal(deleted.before, 2)
  t.equal(deleted.portal.deleted, 3)
  const gone = deleted.leads.filter(lead => lead.lastModifiedAt === now)
  t.match(
    gone,
    [1, 2].map(() => ({ isDeleted: true, leadDeleteLogs: [{ insertedAt: now, previousState: false }] })),
  )
  const restored = await after('#1:undelete=9')
  t.equal(restored.before, 5, 'all deleted leads are restored')
  t.match(restored.leads[4], { guid: 'g4', isDeleted: false, lastModifiedAt: now })
  const touched = await after('#1:touch')
  t.equal(touched.before, 4)
  t.equal(touched.leads.filter(lead => (lead.lastModifiedAt ?? 0) >= now).length, 1)
  const empty = await startPortal(t, { leads: [], faults: '*:delete;*:touch;*:undelete;*:reorder' })
  t.same(await getGuids(empty), [])
})

t.test('faults: “leads with the same value may change places between two requests”: reorder', async t => {
  const leads = Array.from({ length: 40 }, (_, n) => ({
    guid: `g${n}`,
    insertedAt: n >> 4,
    city: `c${n % 3}`,
  }))
  const portal = await startPortal(t, { leads, faults: '#3-:reorder' })
  for (const sort of ['insertedAt', 'city', 'closedAt']) {
    const orders: string[] = []
    for (let n = 0; n < 3; n++) {
      const page = parses((await getList(portal, `max=100&sort=${sort}`)).body) as Record<string, never>[]
      const values = page.map(lead => lead[sort] ?? 0)
      t.same(values, values.toSorted(), 'the list is still sorted')
      t.equal(new Set(page.map(({ guid }) => guid)).size, 40)
      orders.push(page.map(({ guid }) => guid).join())
    }
    t.equal(new Set(orders).size, sort === 'insertedAt' ? 2 : 3)
  }
})

const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

/** Every fault that waits, each at a different request. */
const waiting = '#1:stall; #2:stall=0; #3:stall=0.5; #4:drip=1,interval=3600000; #5:delay=3600000'

/** Resolves when a request waits in its fault; a delayed request is not in `requests` yet. */
const untilWaiting = (portal: Portal, request: number, timersBefore: number) =>
  request === 5 ? eventually(timers, timersBefore + 1) : eventually(() => portal.requestCount, request)

t.test('faults: stalls, drips and delays last until the client disconnects, and leave no timer', async t => {
  const portal = await startPortal(t, { leads: 25, faults: waiting })
  const before = timers()
  for (const [index, status] of [0, 200, 200, 200, 0].entries()) {
    const leave = new AbortController()
    const reply = requestWithToken(portal, pages[0] as string, { signal: leave.signal })
    await untilWaiting(portal, index + 1, before)
    leave.abort()
    t.equal((await reply).broken, 'closed')
    t.equal(await eventually(() => portal.requestCount, index + 1), index + 1)
    t.equal(portal.requests.at(-1)?.status, status)
    t.equal(await eventually(timers, before), before)
  }
  t.equal((await requestWithToken(portal, pages[0] as string)).status, 200, 'the portal still answers')
})

t.test('faults: a stalled body stops at its share', async t => {
  const whole = (await plainPages)[0] as Reply
  for (const share of [0, 0.5, 0.999]) {
    const portal = await startPortal(t, { leads: 25, faults: `*:stall=${share}` })
    const leave = new AbortController()
    const wanted = Math.floor(whole.body.length * share)
    let bytes = 0
    const seen = (chunk: Buffer) => {
      bytes += chunk.length
    }
    const reply = requestWithToken(portal, pages[0] as string, { signal: leave.signal, onData: seen })
    t.equal(await eventually(() => bytes, wanted), wanted)
    leave.abort()
    t.equal((await reply).broken, 'closed')
  }
})

t.test('faults: close() ends all faults that wait, and leaves no timer or file open', async t => {
  const before = timers()
  const closeOverWaiting = async () => {
    const portal = await createPortal({ leads: 25, faults: waiting })
    const all: Promise<Reply>[] = []
    for (let request = 1; request <= 5; request++) {
      all.push(requestWithToken(portal, pages[0] as string, { agent: false }))
      await untilWaiting(portal, request, before + (request === 5 ? 1 : 0))
    }
    await portal.close()
    const broken = (await Promise.all(all)).map(reply => reply.broken)
    t.same(broken, Array(5).fill('closed'))
    t.equal(portal.requestCount, 5)
    t.equal(await eventually(timers, before), before)
  }
  await closeOverWaiting()
  const files = openFiles()
  for (let n = 0; n < 3; n++) await closeOverWaiting()
  t.equal(await leakedFiles(files), 0)
})

t.test(
  'faults: every example of the documentation has an effect, and every fault has an example',
  async t => {
    const source = readFileSync(`${root}lib/portal/faults/Fault.ts`, 'utf8')
    const examples = [...source.matchAll(/^ \* @example (.+)$/gm)].map(([, example]) => example as string)
    t.same(
      new Set(parseFaults(examples.join(';')).map(({ fault }) => fault.kind)),
      new Set(Object.keys(kinds)),
    )
    for (const example of examples) {
      const portal = await startPortal(t, { leads: 25, faults: example })
      const isHit = () => portal.requests.some(({ faults }) => faults.includes(example))
      for (let n = 0; n < 60 && !isHit(); n++) {
        const leave = new AbortController()
        const reply = requestWithToken(portal, pages[n % 3] as string, { signal: leave.signal })
        await eventually(() => portal.requestCount, n + 1)
        if (example.includes('stall')) leave.abort()
        await reply
      }
      t.ok(isHit(), example)
    }
  },
)
