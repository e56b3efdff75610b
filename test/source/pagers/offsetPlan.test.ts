import t from 'tap'
import { LeadpipeError } from '../../../lib/errors.ts'
import type { PageQuery } from '../../../lib/model/LeadsQuery.ts'
import { offsetPager } from '../../../lib/source/pagers/offsetPager.ts'

const none = Number.POSITIVE_INFINITY

/** What is asked for, page after page, when each page holds so many leads (of a list without repetition). */
function pages(query: PageQuery, received: readonly number[], limit = none): PageQuery[] {
  const pager = offsetPager(query)
  const asked: PageQuery[] = []
  let delivered = 0
  for (const count of [...received, 0]) {
    const page = pager.next(limit - delivered) as PageQuery | undefined
    if (page === undefined) break
    asked.push(page)
    if (count > 0) pager.saw(`lead ${delivered}`, 0)
    pager.finish(count)
    delivered += count
  }
  return asked
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
  [
    'an offset of 0 may be said',
    { offset: 0 },
    [2],
    none,
    [
      { max: 100, offset: 0 },
      { max: 100, offset: 2 },
    ],
  ],
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
  const pager = offsetPager({})
  pager.next(none)
  pager.finish(0)
  t.equal(pager.next(none), undefined)
  t.equal(pager.next(none), undefined)
})

t.test('nothing is asked for when nothing is wanted', async t => {
  t.equal(offsetPager({}).next(0), undefined)
  t.equal(offsetPager({}).next(-1), undefined)
})

t.test('two pages that begin with the same lead are no progress', async t => {
  const pager = offsetPager({ offset: 5 })
  pager.next(none)
  pager.saw('a', 0)
  pager.finish(10)
  pager.next(none)
  try {
    pager.saw('a', 0)
    t.fail('it went on')
  } catch (error) {
    t.ok(error instanceof LeadpipeError)
    t.match(error, {
      code: 'PAGING',
      retryable: false,
      message:
        'paging makes no progress: the page at offset 15 begins with the same lead (a) as the page at offset 5',
      context: { offset: 15, previousOffset: 5, guid: 'a' },
    })
  }
})

t.test('an element in front that is no lead does not hide that there is no progress', async t => {
  const pager = offsetPager({})
  pager.next(none)
  pager.saw('a', 1)
  pager.saw('b', 2)
  pager.finish(3)
  pager.next(none)
  t.throws(() => pager.saw('a', 1), { code: 'PAGING', context: { guid: 'a', offset: 3, previousOffset: 0 } })
})

t.test('only the first lead of a page is compared', async t => {
  const pager = offsetPager({})
  pager.next(none)
  for (const [index, guid] of ['a', 'b'].entries()) pager.saw(guid, index)
  pager.finish(2)
  pager.next(none)
  for (const [index, guid] of ['b', 'a'].entries()) pager.saw(guid, index)
  pager.finish(2)
  t.strictSame(pager.next(none), { max: 100, offset: 4 })
})

t.test('a page that broke off is continued behind what came of it', async t => {
  const pager = offsetPager({ offset: 5, max: 10 })
  pager.next(none)
  t.notOk(pager.interrupt(0), 'nothing came')
  t.strictSame(pager.next(none), { max: 10, offset: 5 })
  pager.saw('a', 0)
  t.ok(pager.interrupt(3))
  t.strictSame(pager.next(6), { max: 6, offset: 8 })
  t.throws(() => pager.saw('a', 0), { code: 'PAGING', context: { offset: 8, previousOffset: 5 } })
})

t.test('the same page again, because nothing came of it, is no repetition', async t => {
  const pager = offsetPager({})
  pager.next(none)
  pager.interrupt(0)
  pager.next(none)
  pager.saw('a', 0)
  pager.finish(1)
  t.strictSame(pager.next(none), { max: 100, offset: 1 })
})

t.test('leads without a guid cannot be told apart, and are not taken for the same', async t => {
  const pager = offsetPager({})
  for (let page = 0; page < 3; page += 1) {
    pager.next(none)
    pager.saw(undefined, 0)
    pager.finish(1)
  }
  t.strictSame(pager.next(none), { max: 100, offset: 3 })
})
