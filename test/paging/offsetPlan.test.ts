import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import type { Element, LeadPlan, Stretch } from '../../lib/paging/LeadPlan.ts'
import { OffsetPage, offsetPlan } from '../../lib/paging/offsetPlan.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

const unlimited = Number.POSITIVE_INFINITY

const notALead = new Rejected('malformed', 'it is not valid JSON', 'tru', { page: 1, element: 0, byte: 0 })

/** An element with this guid; '' for a lead without one, undefined for an element that is not a lead. */
function element(guid: string | undefined): Element {
  const lead = guid === undefined ? notALead : guid === '' ? ({} as Lead) : ({ guid } as Lead)
  return { value: lead, raw: undefined }
}

/** Passes elements to a page; returns the cursor after each. */
function answer({ pager }: Stretch<number>, guids: readonly (string | undefined)[]): number[] {
  const cursors: number[] = []
  for (const guid of guids) pager.take(element(guid), (_, cursor) => cursors.push(cursor))
  pager.finish(guids.length, () => {})
  return cursors
}

/** The next page and its request. */
function nextPage(plan: LeadPlan<number>, wanted = unlimited): { page: Stretch<number>; query: PageQuery } {
  const page = plan.next(wanted)
  if (page === undefined) throw new Error('there is no page')
  return { page, query: page.pager.next(wanted) as PageQuery }
}

const named = (from: number, count: number) => Array.from({ length: count }, (_, n) => `lead ${from + n}`)

/** The requests if the pages hold these numbers of leads, all different. */
function pages(query: PageQuery, received: readonly number[], limit = unlimited): PageQuery[] {
  const plan = offsetPlan(query)
  const requests: PageQuery[] = []
  let delivered = 0
  for (const count of [...received, 0]) {
    const page = plan.next(limit - delivered)
    if (page === undefined) break
    requests.push(page.pager.next(limit) as PageQuery)
    answer(page, named(delivered, count))
    plan.read?.(page)
    plan.done(page)
    delivered += count
  }
  return requests.map(({ offset, ...rest }) => (offset === undefined ? rest : { ...rest, offset }))
}

const table: [title: string, query: PageQuery, received: number[], limit: number, requests: PageQuery[]][] = [
  ['max is 100 by default', {}, [], unlimited, [{ max: 100 }]],
  ['the query has a max', { max: 7 }, [], unlimited, [{ max: 7 }]],
  ['a full page is followed by another', {}, [100], unlimited, [{ max: 100 }, { max: 100, offset: 100 }]],
  [
    'a short page is followed by another, since the server may cap max',
    {},
    [30, 30, 5],
    unlimited,
    [{ max: 100 }, { max: 100, offset: 30 }, { max: 100, offset: 60 }, { max: 100, offset: 65 }],
  ],
  [
    'a page larger than max counts completely',
    { max: 10 },
    [15],
    unlimited,
    [{ max: 10 }, { max: 10, offset: 15 }],
  ],
  [
    'the list begins at the offset of the query',
    { offset: 40 },
    [100],
    unlimited,
    [
      { max: 100, offset: 40 },
      { max: 100, offset: 140 },
    ],
  ],
  [
    'the offset of the query may be 0',
    { offset: 0 },
    [2],
    unlimited,
    [{ max: 100 }, { max: 100, offset: 2 }],
  ],
  ['the limit is less than max', {}, [], 3, [{ max: 3 }]],
  ['the limit shortens the last page', {}, [100, 50], 150, [{ max: 100 }, { max: 50, offset: 100 }]],
  ['the limit is the end of a page', {}, [100], 100, [{ max: 100 }]],
  [
    'the limit with a max in the query',
    { max: 10 },
    [10, 10, 5],
    25,
    [{ max: 10 }, { max: 10, offset: 10 }, { max: 5, offset: 20 }],
  ],
  [
    'the limit with a server that caps max',
    {},
    [30, 30, 30],
    70,
    [{ max: 70 }, { max: 40, offset: 30 }, { max: 10, offset: 60 }],
  ],
  ['the list ends before the limit', {}, [10], 50, [{ max: 50 }, { max: 40, offset: 10 }]],
  [
    'the rest of the query is unchanged',
    { search: 'x', sort: 'email', dir: 'asc', guids: ['a'] },
    [1],
    unlimited,
    [
      { search: 'x', sort: 'email', dir: 'asc', guids: ['a'], max: 100 },
      { search: 'x', sort: 'email', dir: 'asc', guids: ['a'], max: 100, offset: 1 },
    ],
  ],
]

for (const [title, query, received, limit, requests] of table) {
  t.test(`offsetPlan: ${title}`, async t => {
    const before = structuredClone(query)
    t.strictSame(pages(query, received, limit), requests)
    t.strictSame(query, before, 'the query object is not changed')
  })
}

t.test('offsetPlan: no page follows an empty one', async t => {
  const plan = offsetPlan({})
  const { page } = nextPage(plan)
  answer(page, [])
  plan.done(page)
  t.equal(plan.next(unlimited), undefined)
  t.equal(plan.next(unlimited), undefined)
})

t.test('offsetPlan: no page is requested when no lead is wanted', async t => {
  t.equal(offsetPlan({}).next(0), undefined)
  t.equal(offsetPlan({}).next(-1), undefined)
})

t.test('offsetPlan: a page is requested once if it is complete', async t => {
  const { page } = nextPage(offsetPlan({ max: 2 }))
  answer(page, ['a'])
  t.equal(page.pager.next(unlimited), undefined)
})

t.test('offsetPlan: pages are planned in sequence without waiting for earlier ones', async t => {
  const plan = offsetPlan({ max: 10, offset: 5 })
  const planned = [nextPage(plan), nextPage(plan), nextPage(plan, 4)]
  t.strictSame(
    planned.map(({ query, page }) => [query.max, query.offset, page.expected, page.order]),
    [
      [10, 5, 10, 5],
      [10, 15, 10, 15],
      [4, 25, 4, 25],
    ],
  )
})

t.test('offsetPlan: after a page with the expected number of leads, later pages remain valid', async t => {
  const plan = offsetPlan({ max: 3 })
  const [first, second] = [nextPage(plan), nextPage(plan)]
  answer(second.page, named(3, 3))
  plan.read?.(second.page)
  answer(first.page, named(0, 3))
  plan.read?.(first.page)
  t.equal(plan.done(first.page), 'continue')
  t.equal(plan.done(second.page), 'continue')
  t.equal(nextPage(plan).query.offset, 6)
})

t.test(
  'offsetPlan: after a page with fewer or more leads, later pages are discarded and planned with its size',
  async t => {
    for (const [count, stride] of [
      [2, 2],
      [7, 5],
    ] as const) {
      const plan = offsetPlan({ max: 5 })
      const [first] = [nextPage(plan), nextPage(plan), nextPage(plan)]
      answer(first.page, named(0, count))
      plan.read?.(first.page)
      t.equal(plan.done(first.page), 'discard')
      const next = nextPage(plan)
      t.strictSame([next.query.max, next.query.offset], [5, count])
      answer(next.page, named(count, stride))
      plan.read?.(next.page)
      t.equal(nextPage(plan).query.offset, count + stride)
    }
  },
)

t.test(
  'offsetPlan: after a short page nothing is planned until it is known whether the list continues',
  async t => {
    const plan = offsetPlan({ max: 5 })
    const [first, second] = [nextPage(plan), nextPage(plan)]
    answer(second.page, ['b'])
    plan.read?.(second.page)
    t.equal(plan.next(unlimited), undefined)
    answer(first.page, named(0, 5))
    plan.read?.(first.page)
    plan.done(first.page)
    t.equal(plan.done(second.page), 'discard')
    t.equal(nextPage(plan).query.offset, 6)
  },
)

t.test('offsetPlan: a position is the offset after one of the leads', async t => {
  const plan = offsetPlan({ max: 3, offset: 10 })
  t.equal(plan.start, 10)
  const cursors = answer(nextPage(plan).page, ['a', undefined, 'b'])
  t.strictSame(cursors, [11, 12, 13])
  t.strictSame(plan.position(12), { paging: 'offset', offset: 12 })
  const later = offsetPlan({ max: 3, offset: 10 }, { paging: 'offset', leads: 2, offset: 12 })
  t.equal(later.start, 12)
  t.strictSame(nextPage(later).query, { max: 3, offset: 12 })
})

t.test(
  'offsetPlan: two long pages that begin with the same lead are PAGING, whichever arrives first',
  async t => {
    const expected = {
      code: 'PAGING',
      retryable: false,
      message:
        'paging makes no progress: the page at offset 25 begins with the same lead (a) as the page at offset 5',
      context: { offset: 25, previousOffset: 5, guid: 'a' },
    }
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const plan = offsetPlan({ offset: 5, max: 20 })
      const planned = [nextPage(plan), nextPage(plan)]
      const [first, second] = order.map(index => planned[index] as (typeof planned)[number])
      // An element before it that is not a lead does not hide it.
      answer((first as (typeof planned)[number]).page, [undefined, 'a'])
      t.throws(() => answer((second as (typeof planned)[number]).page, ['a']), expected)
    }
  },
)

t.test(
  'offsetPlan: up to ten short pages in a row may begin with the same lead, since inserts may move them',
  async t => {
    const plan = offsetPlan({ max: 3 })
    const pages = Array.from({ length: 12 }, () => nextPage(plan).page)
    for (const page of pages) answer(page, ['a', 'b', 'c'])
    for (const page of pages.slice(0, 10)) plan.done(page)
    t.throws(() => plan.done(pages[10] as (typeof pages)[number]), {
      code: 'PAGING',
      context: { guid: 'a', offset: 30, previousOffset: 27 },
    })
  },
)

t.test('offsetPlan: another lead at the beginning of a page resets this count', async t => {
  const plan = offsetPlan({ max: 1 })
  for (let round = 0; round < 5; round += 1) {
    for (const guid of [...'aaaaaaaaa', 'b']) {
      const { page } = nextPage(plan)
      answer(page, [guid])
      plan.done(page)
    }
  }
  t.equal(nextPage(plan).query.offset, 50)
})

t.test('offsetPlan: only the first leads of pages are compared', async t => {
  const plan = offsetPlan({ max: 2 })
  const [first, second] = [nextPage(plan), nextPage(plan)]
  answer(first.page, ['a', 'b'])
  answer(second.page, ['b', 'a'])
  plan.done(first.page)
  plan.done(second.page)
  t.equal(nextPage(plan).query.offset, 4)
})

t.test('offsetPlan: a broken page is continued after its last complete element', async t => {
  const { page } = nextPage(offsetPlan({ offset: 5, max: 10 }))
  const { pager } = page
  t.notOk(pager.interrupt(0), 'nothing arrived')
  t.strictSame(pager.next(unlimited), { max: 10, offset: 5 })
  for (const guid of ['a', undefined, 'b']) pager.take(element(guid), () => {})
  t.ok(pager.interrupt(3))
  t.strictSame(pager.next(unlimited), { max: 7, offset: 8 })
  pager.take(element('a'), () => {})
  t.ok(pager.interrupt(1), 'inserts may have moved it')
})

t.test('offsetPlan: a long rest that begins with the same lead as the page is PAGING', async t => {
  const { pager } = nextPage(offsetPlan({ offset: 5, max: 100 })).page
  pager.next(unlimited)
  for (let n = 0; n < 20; n += 1) pager.take(element(`a${n}`), () => {})
  pager.interrupt(20)
  pager.next(unlimited)
  t.throws(() => pager.take(element('a0'), () => {}), {
    code: 'PAGING',
    context: { offset: 25, previousOffset: 5 },
  })
})

t.test('offsetPlan: a page that breaks off after its last element is not requested again', async t => {
  const { page } = nextPage(offsetPlan({ max: 2 }))
  for (const guid of ['a', 'b']) page.pager.take(element(guid), () => {})
  page.pager.interrupt(2)
  t.equal(page.pager.next(unlimited), undefined)
})

t.test('offsetPlan: if the rest of a broken page is empty, the list has ended', async t => {
  const plan = offsetPlan({ max: 10 })
  const { page } = nextPage(plan)
  page.pager.take(element('a'), () => {})
  page.pager.interrupt(1)
  page.pager.next(unlimited)
  answer(page, [])
  plan.done(page)
  t.equal(plan.next(unlimited), undefined)
})

t.test(
  'offsetPlan: a page that is requested again because nothing arrived is not compared with itself',
  async t => {
    const page = new OffsetPage({ max: 2 }, 0, undefined)
    page.next()
    page.interrupt(0)
    page.next()
    page.take(element('a'), () => {})
    t.equal(page.received, 1)
  },
)

t.test('offsetPlan: leads without a guid are not taken for the same lead', async t => {
  const plan = offsetPlan({ max: 1 })
  for (let offset = 0; offset < 3; offset += 1) {
    const { page } = nextPage(plan)
    answer(page, [''])
    t.equal(plan.done(page), 'continue')
  }
  t.equal(nextPage(plan).query.offset, 3)
})
