import { createHash } from 'node:crypto'
import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import { type GuidsCursor, GuidsPager, type GuidsRequest, guidsPlan } from '../../lib/paging/guidsPlan.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const unlimited = Number.POSITIVE_INFINITY
/** A pager of these guids; default: from the first one on. */
const guidsPager = (
  query: PageQuery,
  guids: GuidsRequest['guids'],
  onMissing: GuidsRequest['onMissing'],
  from = { taken: 0, pending: [] as string[], missing: 0 },
) => new GuidsPager({ query, guids, onMissing }, from)

/** The digest of guids that were taken. */
const digestOf = (...guids: string[]) =>
  createHash('sha256')
    .update(guids.map(guid => JSON.stringify(guid)).join(''))
    .digest('hex')

/** Passes the elements of a page to a pager; returns the cursor after each. */
function take(pager: GuidsPager, guids: Iterable<string | undefined>): GuidsCursor[] {
  const cursors: GuidsCursor[] = []
  for (const guid of guids)
    pager.take({ value: { guid } as Lead, raw: undefined }, (_, cursor) => cursors.push(cursor))
  return cursors
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`)

/** Reads all pages from a server that answers with `answer`; returns the requests and the leads. */
async function pages(
  guids: Iterable<string> | AsyncIterable<string>,
  answer: (requested: readonly string[], max: number) => readonly (string | undefined)[],
  { query = {}, limit = unlimited }: { query?: PageQuery; limit?: number } = {},
) {
  const pager = guidsPager(query, guids, 'report')
  const requests: PageQuery[] = []
  const delivered: string[] = []
  for (;;) {
    const page = await pager.next(limit - delivered.length)
    if (page === undefined) break
    requests.push(page)
    if (requests.length > 500) throw new Error('the requests do not end')
    const answered = answer(page.guids ?? [], page.max as number)
    take(pager, answered)
    delivered.push(...answered.filter(guid => guid !== undefined))
    pager.finish(answered.length)
  }
  return { requests, delivered, missing: pager.missing }
}

t.test('GuidsPager: a request has at most max guids, and the rest of the query', async t => {
  const { requests } = await pages(named(5), guids => guids, { query: { max: 2, includeDeleted: true } })
  t.strictSame(requests, [
    { max: 2, includeDeleted: true, guids: ['g0', 'g1'] },
    { max: 2, includeDeleted: true, guids: ['g2', 'g3'] },
    { max: 2, includeDeleted: true, guids: ['g4'] },
  ])
})

t.test('GuidsPager: a request has no more guids than leads are wanted', async t => {
  const { requests, delivered } = await pages(named(150), guids => guids, { limit: 130 })
  t.strictSame(
    requests.map(({ max, guids }) => [max, guids?.length]),
    [
      [100, 100],
      [30, 30],
    ],
  )
  t.strictSame(delivered, named(130))
})

t.test('GuidsPager: an element that is not a lead counts as missing only for its own guid', async t => {
  const answer = (guids: readonly string[], max: number) =>
    guids.slice(0, max).map(guid => (guid === 'g2' ? undefined : guid))
  const { delivered, missing } = await pages(named(10), answer, { limit: 5 })
  t.strictSame(delivered, ['g0', 'g1', 'g3', 'g4', 'g5'])
  t.strictSame(missing, { count: 1, guids: ['g2'] })
})

t.test(
  '"A server that clamps max": GuidsPager requests each guid until it arrives, and reports the missing ones',
  async t => {
    const absent = new Set(['g0', 'g7', 'g64', 'g129'])
    const there = named(130).filter(guid => !absent.has(guid))
    for (const cap of [1, 2, 29, 30, 99, 100]) {
      const { requests, delivered, missing } = await pages(
        named(130),
        guids => guids.filter(guid => !absent.has(guid)).slice(0, cap),
        { query: { max: 40 } },
      )
      t.strictSame([...delivered].sort(), [...there].sort(), `${cap}`)
      t.equal(new Set(delivered).size, delivered.length)
      t.strictSame(missing, { count: 4, guids: [...absent] })
      t.ok(requests.length <= Math.ceil(126 / Math.min(cap, 40)) + 9, `${requests.length} requests at ${cap}`)
    }
  },
)

t.test('GuidsPager: it counts all missing guids, and lists the first 1,000', async t => {
  const { missing, requests } = await pages(named(1_234), () => [])
  t.equal(missing.count, 1_234)
  t.strictSame(missing.guids, named(1_000))
  t.equal(requests.length, 13)
})

t.test("GuidsPager: onMissing 'fail' fails at the first page that lacks leads, and names them", async t => {
  const pager = guidsPager({ max: 3 }, named(9), 'fail')
  await pager.next(unlimited)
  take(pager, named(3))
  pager.finish(3)
  t.strictSame((await pager.next(unlimited))?.guids, ['g3', 'g4', 'g5'])
  take(pager, ['g4'])
  const error = await failureOf(() => pager.finish(1))
  t.match(error, {
    code: 'MISSING',
    retryable: false,
    message: 'the portal did not return 2 leads requested by guid, such as g3',
    context: { guids: ['g3', 'g5'] },
  })
})

t.test('GuidsPager: after a broken page only the guids that did not arrive are requested again', async t => {
  const pager = guidsPager({}, named(4), 'fail')
  await pager.next(unlimited)
  take(pager, ['g0', 'g2'])
  t.ok(pager.interrupt())
  t.strictSame((await pager.next(unlimited))?.guids, ['g1', 'g3'])
  t.notOk(pager.interrupt())
  t.strictSame((await pager.next(unlimited))?.guids, ['g1', 'g3'])
  take(pager, ['another'])
  t.notOk(pager.interrupt(), 'a lead that was not requested is not progress')
  t.strictSame((await pager.next(unlimited))?.guids, ['g1', 'g3'])
})

t.test('GuidsPager: guids are taken from the iterable only as needed, a page at a time', async t => {
  let taken = 0
  let returned = 0
  const guids: Iterable<string> = {
    [Symbol.iterator]: () => ({
      next() {
        taken += 1
        return { done: false, value: `g${taken}` }
      },
      return() {
        returned += 1
        return { done: true, value: undefined }
      },
    }),
  }
  const pager = guidsPager({ max: 10 }, guids, 'report')
  t.equal(taken, 0)
  const page = await pager.next(unlimited)
  t.equal(taken, 10)
  take(pager, page?.guids ?? [])
  pager.finish(10)
  t.equal(taken, 10)
  await pager.next(unlimited)
  t.equal(taken, 20)
  pager.close()
  pager.close()
  await turns(2)
  t.equal(returned, 1)
})

t.test('GuidsPager: close() stops taking guids, even from an iterator without return', async t => {
  let deliver = (_guid: string) => {}
  let pulls = 0
  const guids: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        pulls += 1
        return new Promise(resolve => {
          deliver = value => resolve({ done: false, value })
        })
      },
    }),
  }
  const pager = guidsPager({}, guids, 'report')
  void pager.next(unlimited)
  await turns(2)
  deliver('a')
  await turns(2)
  t.equal(pulls, 2)
  pager.close()
  deliver('b')
  await turns(5)
  t.equal(pulls, 2)
})

t.test('GuidsPager: an iterator that fails or hangs when it is closed does no harm', async () => {
  for (const end of [
    () => {
      throw new Error('no')
    },
    () => Promise.reject(new Error('no')),
    () => new Promise<never>(() => {}),
  ]) {
    const guids = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 'a' }), return: end }),
    }
    const pager = guidsPager({ max: 1 }, guids as AsyncIterable<string>, 'report')
    await pager.next(unlimited)
    pager.close()
    await turns(2)
  }
})

t.test('GuidsPager: an iterator that has ended or failed is not closed again', async t => {
  const failure = new Error('locked')
  for (const fail of [true, false]) {
    let returned = 0
    const guids = {
      [Symbol.asyncIterator]: () => ({
        next: () => (fail ? Promise.reject(failure) : Promise.resolve({ done: true, value: undefined })),
        return: async () => {
          returned += 1
          return { done: true, value: undefined }
        },
      }),
    }
    const pager = guidsPager({}, guids as AsyncIterable<string>, 'report')
    const next = Promise.resolve(pager.next(unlimited))
    if (fail) t.match(await failureOf(next), { code: 'SOURCE', cause: failure })
    else t.equal(await next, undefined)
    pager.close()
    await turns(2)
    t.equal(returned, 0)
  }
})

t.test('GuidsPager: a value that is not a guid is an OPTION error with the value', async t => {
  for (const [value, shown] of [
    ['', "''"],
    [7, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
    [['a'], "[ 'a' ]"],
  ]) {
    const pager = guidsPager({}, new Set(['a', value]) as Set<string>, 'report')
    t.match(await failureOf(Promise.resolve(pager.next(unlimited))), {
      code: 'OPTION',
      message: `leads(): guids: expected guids, strings that are not empty, received ${shown}`,
    })
  }
})

t.test('GuidsPager: without guids there is no page', async t => {
  async function* nothing(): AsyncGenerator<string> {}
  for (const guids of [[], new Set<string>(), nothing()]) {
    const pager = guidsPager({}, guids, 'fail')
    t.equal(await pager.next(unlimited), undefined)
    t.equal(await pager.next(unlimited), undefined)
    t.strictSame(pager.missing, { count: 0, guids: [] })
  }
})

t.test(
  'GuidsPager: the cursor after each lead holds the guids of the page that have not arrived, and those not yet taken',
  async t => {
    const pager = guidsPager({ max: 3 }, named(5), 'report')
    await pager.next(unlimited)
    const cursors = take(pager, ['g1', undefined, 'g0'])
    t.strictSame(cursors, [
      { taken: 3, pending: ['g0', 'g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
      { taken: 3, pending: ['g0', 'g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
      { taken: 3, pending: ['g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
    ])
    const [first] = cursors as [GuidsCursor]
    const later = guidsPager({ max: 3 }, named(5), 'report', { ...first, pending: [...first.pending] })
    t.strictSame((await later.next(unlimited))?.guids, ['g0', 'g2'])
    take(later, ['g0', 'g2'])
    later.finish(2)
    t.strictSame((await later.next(unlimited))?.guids, ['g3', 'g4'])
  },
)

t.test('GuidsPager: after a restart, guids that were repeated before it are skipped', async t => {
  const guids = ['a', 'a', 'b', 'a', 'c', 'b', 'd']
  const pager = guidsPager({ max: 9 }, guids, 'report', { taken: 3, pending: ['c'], missing: 0 })
  t.strictSame((await pager.next(unlimited))?.guids, ['c'])
  take(pager, ['c'])
  pager.finish(1)
  t.strictSame((await pager.next(unlimited))?.guids, ['d'])
})

t.test(
  'GuidsPager: after a restart, an iterable with fewer guids than before is the end, not a failure',
  async t => {
    const pager = guidsPager({}, ['a'], 'report', { taken: 3, pending: [], missing: 0 })
    t.equal(await pager.next(unlimited), undefined)
  },
)

t.test('guidsPlan is one stretch, and a plan from its position as JSON continues there', async t => {
  const request: GuidsRequest = { query: { max: 2 }, guids: named(4), onMissing: 'report' }
  const plan = guidsPlan(request)
  t.strictSame(plan.start, { taken: 0, pending: [], missing: 0 })
  const stretch = plan.next(unlimited)
  t.equal(plan.next(unlimited), undefined)
  const pager = stretch?.pager as GuidsPager
  await pager.next(unlimited)
  const [cursor] = take(pager, ['g1']) as [GuidsCursor]
  const position = { ...plan.position(cursor), leads: 1 }
  const digest = digestOf('g0', 'g1')
  t.strictSame(position, { paging: 'guids', guids: 2, pending: ['g0'], missing: 0, digest, leads: 1 })
  const later = guidsPlan(request, JSON.parse(JSON.stringify(position)))
  t.strictSame(later.start, { taken: 2, pending: ['g0'], missing: 0, digest })
  t.strictSame((await later.next(unlimited)?.pager.next(unlimited))?.guids, ['g0'])
})
