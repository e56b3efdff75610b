import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import type { Element, LeadPlan, Stretch } from '../../lib/paging/LeadPlan.ts'
import { OffsetPage, offsetPlan } from '../../lib/paging/offsetPlan.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

const none = Number.POSITIVE_INFINITY

const noLead = new Rejected('malformed', 'it is not valid JSON', 'tru', { page: 1, element: 0, byte: 0 })

/** An element with that guid; a lead without one for '', what is no lead for undefined. */
function element(guid: string | undefined): Element {
  const lead = guid === undefined ? noLead : guid === '' ? ({} as Lead) : ({ guid } as Lead)
  return { value: lead, raw: undefined }
}

/** Gives a page what came of it; returns where the list goes on behind each element. */
function answer({ pager }: Stretch<number>, guids: readonly (string | undefined)[]): number[] {
  const cursors: number[] = []
  for (const guid of guids) pager.take(element(guid), (_, cursor) => cursors.push(cursor))
  pager.finish(guids.length, () => {})
  return cursors
}

/** The next page, and what it asks for. */
function ask(plan: LeadPlan<number>, wanted = none): { page: Stretch<number>; query: PageQuery } {
  const page = plan.next(wanted)
  if (page === undefined) throw new Error('there is no page')
  return { page, query: page.pager.next(wanted) as PageQuery }
}

const named = (from: number, count: number) => Array.from({ length: count }, (_, n) => `lead ${from + n}`)

/** What is asked for, page after page, when each page holds so many leads (of a list without repetition). */
function pages(query: PageQuery, received: readonly number[], limit = none): PageQuery[] {
  const plan = offsetPlan(query)
  const asked: PageQuery[] = []
  let delivered = 0
  for (const count of [...received, 0]) {
    const page = plan.next(limit - delivered)
    if (page === undefined) break
    asked.push(page.pager.next(limit) as PageQuery)
    answer(page, named(delivered, count))
    plan.read?.(page)
    plan.done(page)
    delivered += count
  }
  return asked.map(({ offset, ...rest }) => (offset === undefined ? rest : { ...rest, offset }))
}

const table: [title: string, query: PageQuery, received: number[], limit: number, asked: PageQuery[]][] = [
  ['max is 100 unless the query says less', {}, [], none, [{ max: 100 }]],
  ['the query says less', { max: 7 }, [], none, [{ max: 7 }]],
  ['a full page is followed by another', {}, [100], none, [{ max: 100 }, { max: 100, offset: 100 }]],
  [
    'a short page, too: the server may cap max',
    {},
    [30, 30, 5],
    none,
    [{ max: 100 }, { max: 100, offset: 30 }, { max: 100, offset: 60 }, { max: 100, offset: 65 }],
  ],
  [
    'a page larger than asked for counts whole',
    { max: 10 },
    [15],
    none,
    [{ max: 10 }, { max: 10, offset: 15 }],
  ],
  [
    'it begins at the offset of the query',
    { offset: 40 },
    [100],
    none,
    [
      { max: 100, offset: 40 },
      { max: 100, offset: 140 },
    ],
  ],
  ['an offset of 0 may be said', { offset: 0 }, [2], none, [{ max: 100 }, { max: 100, offset: 2 }]],
  ['the limit bounds a page', {}, [], 3, [{ max: 3 }]],
  ['the limit bounds the last page', {}, [100, 50], 150, [{ max: 100 }, { max: 50, offset: 100 }]],
  ["the limit is at a page's end", {}, [100], 100, [{ max: 100 }]],
  [
    'the limit is less than the pages of the query',
    { max: 10 },
    [10, 10, 5],
    25,
    [{ max: 10 }, { max: 10, offset: 10 }, { max: 5, offset: 20 }],
  ],
  [
    'the limit and a server that caps',
    {},
    [30, 30, 30],
    70,
    [{ max: 70 }, { max: 40, offset: 30 }, { max: 10, offset: 60 }],
  ],
  ['a list that ends before the limit', {}, [10], 50, [{ max: 50 }, { max: 40, offset: 10 }]],
  [
    'the rest of the query stays as it is',
    { search: 'x', sort: 'email', dir: 'asc', guids: ['a'] },
    [1],
    none,
    [
      { search: 'x', sort: 'email', dir: 'asc', guids: ['a'], max: 100 },
      { search: 'x', sort: 'email', dir: 'asc', guids: ['a'], max: 100, offset: 1 },
    ],
  ],
]

for (const [title, query, received, limit, asked] of table) {
  t.test(title, async t => {
    const before = structuredClone(query)
    t.strictSame(pages(query, received, limit), asked)
    t.strictSame(query, before, 'the query itself is not changed')
  })
}

t.test('there is no page behind an empty one', async t => {
  const plan = offsetPlan({})
  const { page } = ask(plan)
  answer(page, [])
  plan.done(page)
  t.equal(plan.next(none), undefined)
  t.equal(plan.next(none), undefined)
})

t.test('nothing is asked for when nothing is wanted', async t => {
  t.equal(offsetPlan({}).next(0), undefined)
  t.equal(offsetPlan({}).next(-1), undefined)
})

t.test('a page is asked for once, unless it broke off', async t => {
  const { page } = ask(offsetPlan({ max: 2 }))
  answer(page, ['a'])
  t.equal(page.pager.next(none), undefined)
})

t.test('pages are cut without waiting for the ones before them, each behind the last', async t => {
  const plan = offsetPlan({ max: 10, offset: 5 })
  const given = [ask(plan), ask(plan), ask(plan, 4)]
  t.strictSame(
    given.map(({ query, page }) => [query.max, query.offset, page.expected, page.order]),
    [
      [10, 5, 10, 5],
      [10, 15, 10, 15],
      [4, 25, 4, 25],
    ],
  )
})

t.test('where a page brings as many as expected, those behind it stand', async t => {
  const plan = offsetPlan({ max: 3 })
  const [first, second] = [ask(plan), ask(plan)]
  answer(second.page, named(3, 3))
  plan.read?.(second.page)
  answer(first.page, named(0, 3))
  plan.read?.(first.page)
  t.equal(plan.done(first.page), 'continue')
  t.equal(plan.done(second.page), 'continue')
  t.equal(ask(plan).query.offset, 6)
})

t.test('where a page brings fewer or more, those behind it are planned anew, as wide as it was', async t => {
  for (const [came, stride] of [
    [2, 2],
    [7, 5],
  ] as const) {
    const plan = offsetPlan({ max: 5 })
    const [first] = [ask(plan), ask(plan), ask(plan)]
    answer(first.page, named(0, came))
    plan.read?.(first.page)
    t.equal(plan.done(first.page), 'discard')
    const next = ask(plan)
    t.strictSame([next.query.max, next.query.offset], [5, came])
    answer(next.page, named(came, stride))
    plan.read?.(next.page)
    t.equal(ask(plan).query.offset, came + stride)
  }
})

t.test('behind a short page, no more is asked for until it is clear whether the list goes on', async t => {
  const plan = offsetPlan({ max: 5 })
  const [first, second] = [ask(plan), ask(plan)]
  answer(second.page, ['b'])
  plan.read?.(second.page)
  t.equal(plan.next(none), undefined)
  answer(first.page, named(0, 5))
  plan.read?.(first.page)
  plan.done(first.page)
  t.equal(plan.done(second.page), 'discard')
  t.equal(ask(plan).query.offset, 6)
})

t.test('a position is where a page goes on behind one of its leads', async t => {
  const plan = offsetPlan({ max: 3, offset: 10 })
  t.equal(plan.start, 10)
  const cursors = answer(ask(plan).page, ['a', undefined, 'b'])
  t.strictSame(cursors, [11, 12, 13])
  t.strictSame(plan.position(12), { paging: 'offset', offset: 12 })
  const later = offsetPlan({ max: 3, offset: 10 }, { paging: 'offset', leads: 2, offset: 12 })
  t.equal(later.start, 12)
  t.strictSame(ask(later).query, { max: 3, offset: 12 })
})

t.test('two long pages that begin with the same lead are no progress, whichever comes first', async t => {
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
    const asked = [ask(plan), ask(plan)]
    const [first, second] = order.map(index => asked[index] as (typeof asked)[number])
    // An element in front that is no lead does not hide it.
    answer((first as (typeof asked)[number]).page, [undefined, 'a'])
    t.throws(() => answer((second as (typeof asked)[number]).page, ['a']), expected)
  }
})

t.test('short pages may be moved as a whole by leads that are inserted, ten times in a row', async t => {
  const plan = offsetPlan({ max: 3 })
  const pages = Array.from({ length: 12 }, () => ask(plan).page)
  for (const page of pages) answer(page, ['a', 'b', 'c'])
  for (const page of pages.slice(0, 10)) plan.done(page)
  t.throws(() => plan.done(pages[10] as (typeof pages)[number]), {
    code: 'PAGING',
    context: { guid: 'a', offset: 30, previousOffset: 27 },
  })
})

t.test('another lead in between begins the count anew', async t => {
  const plan = offsetPlan({ max: 1 })
  for (let round = 0; round < 5; round += 1) {
    for (const guid of [...'aaaaaaaaa', 'b']) {
      const { page } = ask(plan)
      answer(page, [guid])
      plan.done(page)
    }
  }
  t.equal(ask(plan).query.offset, 50)
})

t.test('only the first lead of a page is compared', async t => {
  const plan = offsetPlan({ max: 2 })
  const [first, second] = [ask(plan), ask(plan)]
  answer(first.page, ['a', 'b'])
  answer(second.page, ['b', 'a'])
  plan.done(first.page)
  plan.done(second.page)
  t.equal(ask(plan).query.offset, 4)
})

t.test('a page that broke off is continued behind what came of it', async t => {
  const { page } = ask(offsetPlan({ offset: 5, max: 10 }))
  const { pager } = page
  t.notOk(pager.interrupt(0), 'nothing came')
  t.strictSame(pager.next(none), { max: 10, offset: 5 })
  for (const guid of ['a', undefined, 'b']) pager.take(element(guid), () => {})
  t.ok(pager.interrupt(3))
  t.strictSame(pager.next(none), { max: 7, offset: 8 })
  pager.take(element('a'), () => {})
  t.ok(pager.interrupt(1), 'leads that were inserted may have moved it')
})

t.test('a long part that begins with the same lead as the one before is no progress', async t => {
  const { pager } = ask(offsetPlan({ offset: 5, max: 100 })).page
  pager.next(none)
  for (let n = 0; n < 20; n += 1) pager.take(element(`a${n}`), () => {})
  pager.interrupt(20)
  pager.next(none)
  t.throws(() => pager.take(element('a0'), () => {}), {
    code: 'PAGING',
    context: { offset: 25, previousOffset: 5 },
  })
})

t.test('a page that broke off behind its last element is asked for no more', async t => {
  const { page } = ask(offsetPlan({ max: 2 }))
  for (const guid of ['a', 'b']) page.pager.take(element(guid), () => {})
  page.pager.interrupt(2)
  t.equal(page.pager.next(none), undefined)
})

t.test('where nothing is behind what came, the list has ended', async t => {
  const plan = offsetPlan({ max: 10 })
  const { page } = ask(plan)
  page.pager.take(element('a'), () => {})
  page.pager.interrupt(1)
  page.pager.next(none)
  answer(page, [])
  plan.done(page)
  t.equal(plan.next(none), undefined)
})

t.test('the same page again, because nothing came of it, is no repetition', async t => {
  const page = new OffsetPage({ max: 2 }, 0, undefined)
  page.next()
  page.interrupt(0)
  page.next()
  page.take(element('a'), () => {})
  t.equal(page.received, 1)
})

t.test('leads without a guid cannot be told apart, and are not taken for the same', async t => {
  const plan = offsetPlan({ max: 1 })
  for (let offset = 0; offset < 3; offset += 1) {
    const { page } = ask(plan)
    answer(page, [''])
    t.equal(plan.done(page), 'continue')
  }
  t.equal(ask(plan).query.offset, 3)
})
