import t from 'tap'
import type { Portal } from '../../lib/portal/index.ts'
import { type CrmPage, crmJson, idsOf, readList, requestCrm } from './helpers/crm.ts'
import { getGuids } from './helpers/getList.ts'
import type { Reply } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

const objects = '/crm/objects/2026-09/contacts'
const options = { leads: 60, objects: { companies: 20 }, rateLimit: { search: 100_000_000 } }

/** A request of each route. */
const routes: Readonly<Record<string, unknown>> = {
  [`${objects}?limit=10`]: undefined,
  [`${objects}/100051`]: undefined,
  [`${objects}/search`]: { limit: 10 },
  [`${objects}/batch/read`]: { inputs: [{ id: '100051' }, { id: '100153' }, { id: '100204' }] },
  '/crm/properties/2026-09/contacts': undefined,
  '/crm/associations/2026-09/companies/contacts/batch/read': { inputs: [{ id: '100051' }, { id: '100058' }] },
  '/crm/objects/2026-09/companies/100051/associations/contacts': undefined,
  '/crm/v3/limits/records': undefined,
}

/** The last page: none follows it. */
const whole = async (portal: Portal, path: string, body: unknown) => requestCrm(portal, path, body)
const text = ({ body }: Reply) => body.toString()
const parses = (reply: Reply): unknown => {
  try {
    return JSON.parse(text(reply))
  } catch {
    return undefined
  }
}
const balance = (json: string) => json.split(/[[{]/).length - json.split(/[\]}]/).length
/** Leaves out the times of an answer. */
const content = (reply: Reply) => text(reply).replace(/"(requested|started|completed)At":"[^"]*"/g, '')

const outcomes: Readonly<Record<string, (got: Reply, plain: Reply) => boolean>> = {
  'status=503': ({ status }) => status === 503,
  'status=414,body=empty': ({ status, body }) => status === 414 && body.length === 0,
  'status=429,policy=SECONDLY': reply => (parses(reply) as { policyName: string }).policyName === 'SECONDLY',
  reset: ({ broken }) => broken === 'reset',
  'cut=0.5': ({ broken, body }, plain) =>
    broken === 'closed' && body.length === Math.floor(plain.body.length / 2),
  'drip=3000,interval=0': (got, plain) => content(got) === content(plain),
  'delay=1': (got, plain) => content(got) === content(plain),
  'garbage=html': got => got.status === 200 && text(got).startsWith('<!DOCTYPE html>'),
  'garbage=broken': (got, plain) =>
    parses(got) === undefined && got.body.length === plain.body.length + 1 && balance(text(got)) === 0,
  'garbage=unbalanced': (got, plain) =>
    parses(got) === undefined && balance(text(got)) === 1 && got.body.length === plain.body.length - 1,
  'garbage=malformed': (got, plain) =>
    parses(got) === undefined && balance(text(got)) === 0 && got.body.length === plain.body.length + 1,
  'element=42': (got, plain) => {
    const [spoilt, { results }] = [parses(got) as CrmPage | number, parses(plain) as CrmPage]
    if (results === undefined) return spoilt === 42
    const middle = Math.floor(results.length / 2)
    const expected = results.map((one, index) => (index === middle ? 42 : one))
    return JSON.stringify((spoilt as CrmPage).results) === JSON.stringify(expected)
  },
  'oversized=100000': (got, plain) =>
    parses(got) !== undefined && got.body.length - plain.body.length >= 100_000,
}

t.test('portal CRM faults: every fault of an answer works on every route', async t => {
  const plain = await startPortal(t, options)
  for (const [fault, isExpected] of Object.entries(outcomes)) {
    const portal = await startPortal(t, { ...options, faults: `*:${fault}` })
    for (const [path, body] of Object.entries(routes)) {
      t.ok(isExpected(await whole(portal, path, body), await whole(plain, path, body)), `${fault} ${path}`)
    }
    t.ok(portal.requests.every(({ faults }) => faults[0] === `*:${fault}`))
  }
})

t.test('portal CRM faults: a stalled answer ends with the client', async t => {
  for (const fault of ['stall', 'stall=0.5']) {
    const portal = await startPortal(t, { ...options, faults: `*:${fault}` })
    for (const [path, body] of Object.entries(routes)) {
      const leave = new AbortController()
      const reply = requestCrm(portal, path, body, {
        signal: leave.signal,
        onData: () => leave.abort(),
      })
      if (fault === 'stall') {
        while (portal.requestCount < Object.keys(routes).indexOf(path) + 1) await new Promise(setImmediate)
        leave.abort()
      }
      t.ok((await reply).broken, `${fault} ${path}`)
    }
  }
})

t.test('portal CRM faults: pages are counted for each path, by parameters and body', async t => {
  const portal = await startPortal(t, { ...options, faults: 'page=2 x3:status=503' })
  const statuses: number[] = []
  const request = async (path: string, body?: unknown) =>
    statuses.push((await requestCrm(portal, path, body)).status)
  for (const after of ['', '1', '1', '2']) await request(`${objects}?after=${after}`)
  for (const after of [0, 10, 0, 10, 20]) await request(`${objects}/search`, { after })
  await request(`${objects}/100051`)
  await request(`${objects}/100051?properties=email`)
  t.same(statuses, [200, 503, 503, 200, 200, 503, 200, 200, 200, 200, 200])
  const last = await startPortal(t, { ...options, faults: 'page=last:status=503' })
  const page = await crmJson(last, `${objects}?limit=50`)
  t.equal((await requestCrm(last, `${objects}?limit=50&after=${page.paging?.next.after}`)).status, 503)
  t.equal((await requestCrm(last, `${objects}/search`, { limit: 50 })).status, 200)
  t.equal((await requestCrm(last, `${objects}/search`, { limit: 50, after: 50 })).status, 503)
})

t.test('portal CRM faults: conditions tell methods and paths apart', async t => {
  const portal = await startPortal(t, {
    ...options,
    faults: `POST:status=503; ${objects.slice(0, 20)} GET #2:status=500`,
  })
  const statuses: number[] = []
  for (const [path, body] of Object.entries(routes))
    statuses.push((await requestCrm(portal, path, body)).status)
  t.same(statuses, [200, 500, 503, 503, 200, 503, 200, 200])
})

t.test('portal CRM faults: a short page has half of the records, and its paging is right', async t => {
  const plain = await startPortal(t, options)
  const portal = await startPortal(t, { ...options, faults: '*:short' })
  const pages = await readList(portal, `${objects}?limit=9`)
  t.same(pages.flatMap(idsOf), (await readList(plain, `${objects}?limit=100`)).flatMap(idsOf))
  t.same([...new Set(pages.slice(0, -1).map(({ results }) => results.length))].slice(0, 1), [5])
  t.ok(
    pages.every(({ results }) => results.length > 0),
    'no page is empty',
  )
  const ids: string[] = []
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const page: CrmPage = await crmJson(portal, `${objects}/search`, {
      after,
      limit: 30,
      sorts: [{ propertyName: 'hs_object_id' }],
    })
    ids.push(...idsOf(page))
    after = page.paging?.next.after
  }
  t.same(ids, pages.flatMap(idsOf))
})

t.test('portal CRM faults: unsorted, lag and outside change what a search finds', async t => {
  const now = Date.UTC(2011, 0)
  const window = {
    filterGroups: [{ filters: [{ propertyName: 'createdate', operator: 'LT', value: Date.UTC(2010, 10) }] }],
    sorts: [{ propertyName: 'createdate' }],
    limit: 10,
  }
  const read = async (portal: Portal) => {
    const pages: CrmPage[] = []
    for (let after: string | undefined = '0'; after !== undefined; ) {
      const page: CrmPage = await crmJson(portal, `${objects}/search`, { ...window, after })
      pages.push(page)
      after = page.paging?.next.after
    }
    return pages
  }
  const found = async (faults: string) => read(await startPortal(t, { ...options, faults, now: () => now }))
  const plain = await found('')
  const ids = plain.flatMap(idsOf)
  t.ok(ids.length > 20)

  const unsorted = (await found('*:unsorted')).flatMap(idsOf)
  t.not(unsorted.join(), ids.join())
  t.same(unsorted.toSorted(), ids.toSorted(), 'the same records')

  const lag = now - Date.UTC(2010, 7)
  const lagging = (await found(`*:lag=${lag}`)).flatMap(({ results }) => results)
  const old = plain.flatMap(({ results }) => results).filter(one => Date.parse(one.updatedAt) <= now - lag)
  t.same(lagging, old)
  t.ok(old.length > 0 && old.length < ids.length)

  const outside = await found('*:outside=3')
  const strangers = outside.flatMap(({ results }) =>
    results.filter(({ createdAt }) => Date.parse(createdAt) >= Date.UTC(2010, 10)),
  )
  t.ok(
    outside.slice(0, -1).every(({ results }) => results.length === 10),
    'a page keeps its size',
  )
  t.ok(strangers.length >= 3)
  t.same(
    outside.flatMap(idsOf).filter(id => ids.includes(id)),
    ids,
    'every match is found once',
  )
  t.ok(outside.every(({ total }) => total === ids.length))
})

t.test('portal CRM faults: a batch read loses records without an error', async t => {
  const portal = await startPortal(t, { ...options, faults: 'POST #1:lost=2' })
  const inputs = (await readList(portal, `${objects}?limit=10`)).slice(0, 1).flatMap(idsOf)
  const body = { inputs: inputs.map(id => ({ id })) }
  const reply = await requestCrm(portal, `${objects}/batch/read`, body)
  t.equal(reply.status, 200)
  t.same(idsOf(JSON.parse(text(reply))), inputs.slice(2))
  t.same(idsOf(await crmJson(portal, `${objects}/batch/read`, body)), inputs)
})

t.test('portal CRM faults: changes of the data are seen by the request that they hit', async t => {
  const now = Date.UTC(2020, 0)
  const start = (faults: string) => startPortal(t, { ...options, faults, now: () => now })
  const all = async (portal: Portal) => (await crmJson(portal, `${objects}?limit=100`)).results

  const before = await all(await start(''))
  const inserted = await start('*:insert=3')
  const added = (await all(inserted)).slice(before.length)
  t.same(
    added.map(({ createdAt }) => Date.parse(createdAt)),
    [now, now, now],
  )

  const touched = (await all(await start('*:touch=2'))).filter(one => Date.parse(one.updatedAt) === now)
  t.equal(touched.length, 2)

  for (const fault of ['delete=4', 'archive=4']) {
    const portal = await start(`#1:${fault}`)
    t.equal((await all(portal)).length, before.length - 4, fault)
    const archived = (await crmJson(portal, `${objects}?limit=100&archived=true`)).results
    const justNow = archived.filter(({ archivedAt = '' }) => Date.parse(archivedAt) === now)
    t.equal(justNow.length, 4)
    const isMoved = justNow.map(({ updatedAt }) => Date.parse(updatedAt) === now)
    t.same(isMoved, Array(4).fill(fault === 'delete=4'), 'only a deletion of 2011 is a modification')
  }

  const merged = await start('#1:merge=5')
  const after = await all(merged)
  const gone = before.filter(({ id }) => !after.some(one => one.id === id))
  const born = after.filter(({ id }) => !before.some(one => one.id === id))
  t.equal(merged.leads, options.leads - 5)
  t.equal((await getGuids(merged, 'max=100&includeDeleted=true')).length, merged.leads)
  t.equal(gone.length - born.length, 5)
  t.ok(born.every(({ id }) => before.every(one => Number(one.id) < Number(id))))
  const { results } = await crmJson(merged, `${objects}/batch/read`, {
    inputs: gone.map(({ id }) => ({ id })),
  })
  t.same(results.map(({ id }) => id).toSorted(), born.map(({ id }) => id).toSorted())
})
