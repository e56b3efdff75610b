import { createHash } from 'node:crypto'
import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import { type GuidsCursor, GuidsPager, type GuidsRequest, guidsPlan } from '../../lib/paging/guidsPlan.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const none = Number.POSITIVE_INFINITY
/** A pager of guids from the first on. */
const guidsPager = (
  query: PageQuery,
  guids: GuidsRequest['guids'],
  onMissing: GuidsRequest['onMissing'],
  from = { taken: 0, pending: [] as string[], missing: 0 },
) => new GuidsPager({ query, guids, onMissing }, from)

/** What is told of guids that were taken. */
const digestOf = (...guids: string[]) =>
  createHash('sha256')
    .update(guids.map(guid => JSON.stringify(guid)).join(''))
    .digest('hex')

/** Gives a pager what came of a page; returns where it goes on behind each. */
function take(pager: GuidsPager, guids: Iterable<string | undefined>): GuidsCursor[] {
  const cursors: GuidsCursor[] = []
  for (const guid of guids)
    pager.take({ value: { guid } as Lead, raw: undefined }, (_, cursor) => cursors.push(cursor))
  return cursors
}

const named = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`)

/** Asks page after page of a server that answers so; returns what was asked for. */
async function pages(
  guids: Iterable<string> | AsyncIterable<string>,
  answer: (asked: readonly string[], max: number) => readonly (string | undefined)[],
  { query = {}, limit = none }: { query?: PageQuery; limit?: number } = {},
) {
  const pager = guidsPager(query, guids, 'report')
  const asked: PageQuery[] = []
  const delivered: string[] = []
  for (;;) {
    const page = await pager.next(limit - delivered.length)
    if (page === undefined) break
    asked.push(page)
    if (asked.length > 500) throw new Error('it asks without end')
    const came = answer(page.guids ?? [], page.max as number)
    take(pager, came)
    delivered.push(...came.filter(guid => guid !== undefined))
    pager.finish(came.length)
  }
  return { asked, delivered, missing: pager.missing }
}

t.test('at most max guids a request, and the rest of the query with each', async t => {
  const { asked } = await pages(named(5), guids => guids, { query: { max: 2, includeDeleted: true } })
  t.strictSame(asked, [
    { max: 2, includeDeleted: true, guids: ['g0', 'g1'] },
    { max: 2, includeDeleted: true, guids: ['g2', 'g3'] },
    { max: 2, includeDeleted: true, guids: ['g4'] },
  ])
})

t.test('no more guids than leads are wanted', async t => {
  const { asked, delivered } = await pages(named(150), guids => guids, { limit: 130 })
  t.strictSame(
    asked.map(({ max, guids }) => [max, guids?.length]),
    [
      [100, 100],
      [30, 30],
    ],
  )
  t.strictSame(delivered, named(130))
})

t.test('an element that is no lead takes the place of its guid, and of no other', async t => {
  const answer = (guids: readonly string[], max: number) =>
    guids.slice(0, max).map(guid => (guid === 'g2' ? undefined : guid))
  const { delivered, missing } = await pages(named(10), answer, { limit: 5 })
  t.strictSame(delivered, ['g0', 'g1', 'g3', 'g4', 'g5'])
  t.strictSame(missing, { count: 1, guids: ['g2'] })
})

t.test(
  '"A server that clamps max": whatever the cap, each comes once, and what is not there is missing',
  async t => {
    const absent = new Set(['g0', 'g7', 'g64', 'g129'])
    const there = named(130).filter(guid => !absent.has(guid))
    for (const cap of [1, 2, 29, 30, 99, 100]) {
      const { asked, delivered, missing } = await pages(
        named(130),
        guids => guids.filter(guid => !absent.has(guid)).slice(0, cap),
        { query: { max: 40 } },
      )
      t.strictSame([...delivered].sort(), [...there].sort(), `${cap}`)
      t.equal(new Set(delivered).size, delivered.length)
      t.strictSame(missing, { count: 4, guids: [...absent] })
      t.ok(asked.length <= Math.ceil(126 / Math.min(cap, 40)) + 9, `${asked.length} requests at ${cap}`)
    }
  },
)

t.test('the guids of the first 1,000 that are missing are listed, all are counted', async t => {
  const { missing, asked } = await pages(named(1_234), () => [])
  t.equal(missing.count, 1_234)
  t.strictSame(missing.guids, named(1_000))
  t.equal(asked.length, 13)
})

t.test("onMissing 'fail' ends it at the page that lacks a lead, with those that it lacks", async t => {
  const pager = guidsPager({ max: 3 }, named(9), 'fail')
  await pager.next(none)
  take(pager, named(3))
  pager.finish(3)
  t.strictSame((await pager.next(none))?.guids, ['g3', 'g4', 'g5'])
  take(pager, ['g4'])
  const error = await failureOf(() => pager.finish(1))
  t.match(error, {
    code: 'MISSING',
    retryable: false,
    message: 'the portal did not return 2 leads requested by guid, such as g3',
    context: { guids: ['g3', 'g5'] },
  })
})

t.test('of a page that broke off, only what did not come is asked for again', async t => {
  const pager = guidsPager({}, named(4), 'fail')
  await pager.next(none)
  take(pager, ['g0', 'g2'])
  t.ok(pager.interrupt())
  t.strictSame((await pager.next(none))?.guids, ['g1', 'g3'])
  t.notOk(pager.interrupt())
  t.strictSame((await pager.next(none))?.guids, ['g1', 'g3'])
  take(pager, ['another'])
  t.notOk(pager.interrupt(), 'a lead that was not asked for is no progress')
  t.strictSame((await pager.next(none))?.guids, ['g1', 'g3'])
})

t.test('guids are taken when they are needed, a page of them', async t => {
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
  const page = await pager.next(none)
  t.equal(taken, 10)
  take(pager, page?.guids ?? [])
  pager.finish(10)
  t.equal(taken, 10)
  await pager.next(none)
  t.equal(taken, 20)
  pager.close()
  pager.close()
  await turns(2)
  t.equal(returned, 1)
})

t.test('close() ends the taking of guids, even of an iterator that cannot be told', async t => {
  let give = (_guid: string) => {}
  let asked = 0
  const guids: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        asked += 1
        return new Promise(resolve => {
          give = value => resolve({ done: false, value })
        })
      },
    }),
  }
  const pager = guidsPager({}, guids, 'report')
  void pager.next(none)
  await turns(2)
  give('a')
  await turns(2)
  t.equal(asked, 2)
  pager.close()
  give('b')
  await turns(5)
  t.equal(asked, 2)
})

t.test('how an iterator ends that is let go of is of no interest', async () => {
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
    await pager.next(none)
    pager.close()
    await turns(2)
  }
})

t.test('one that has ended or failed is not told to end', async t => {
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
    const next = Promise.resolve(pager.next(none))
    if (fail) t.match(await failureOf(next), { code: 'SOURCE', cause: failure })
    else t.equal(await next, undefined)
    pager.close()
    await turns(2)
    t.equal(returned, 0)
  }
})

t.test('what is no guid is refused by what was received', async t => {
  for (const [value, shown] of [
    ['', "''"],
    [7, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
    [['a'], "[ 'a' ]"],
  ]) {
    const pager = guidsPager({}, new Set(['a', value]) as Set<string>, 'report')
    t.match(await failureOf(Promise.resolve(pager.next(none))), {
      code: 'OPTION',
      message: `leads(): guids: expected guids, strings that are not empty, received ${shown}`,
    })
  }
})

t.test('no guids, no page', async t => {
  async function* nothing(): AsyncGenerator<string> {}
  for (const guids of [[], new Set<string>(), nothing()]) {
    const pager = guidsPager({}, guids, 'fail')
    t.equal(await pager.next(none), undefined)
    t.equal(await pager.next(none), undefined)
    t.strictSame(pager.missing, { count: 0, guids: [] })
  }
})

t.test('behind each lead, it goes on with those that are not here yet, and the ones not taken', async t => {
  const pager = guidsPager({ max: 3 }, named(5), 'report')
  await pager.next(none)
  const cursors = take(pager, ['g1', undefined, 'g0'])
  t.strictSame(cursors, [
    { taken: 3, pending: ['g0', 'g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
    { taken: 3, pending: ['g0', 'g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
    { taken: 3, pending: ['g2'], missing: 0, digest: digestOf('g0', 'g1', 'g2') },
  ])
  const [first] = cursors as [GuidsCursor]
  const later = guidsPager({ max: 3 }, named(5), 'report', { ...first, pending: [...first.pending] })
  t.strictSame((await later.next(none))?.guids, ['g0', 'g2'])
  take(later, ['g0', 'g2'])
  later.finish(2)
  t.strictSame((await later.next(none))?.guids, ['g3', 'g4'])
})

t.test('guids that were given twice before a restart are passed over all the same', async t => {
  const guids = ['a', 'a', 'b', 'a', 'c', 'b', 'd']
  const pager = guidsPager({ max: 9 }, guids, 'report', { taken: 3, pending: ['c'], missing: 0 })
  t.strictSame((await pager.next(none))?.guids, ['c'])
  take(pager, ['c'])
  pager.finish(1)
  t.strictSame((await pager.next(none))?.guids, ['d'])
})

t.test('fewer guids than were taken before are an end, not a failure', async t => {
  const pager = guidsPager({}, ['a'], 'report', { taken: 3, pending: [], missing: 0 })
  t.equal(await pager.next(none), undefined)
})

t.test('the plan is one stretch, whose position is plain JSON and goes on', async t => {
  const request: GuidsRequest = { query: { max: 2 }, guids: named(4), onMissing: 'report' }
  const plan = guidsPlan(request)
  t.strictSame(plan.start, { taken: 0, pending: [], missing: 0 })
  const stretch = plan.next(none)
  t.equal(plan.next(none), undefined)
  const pager = stretch?.pager as GuidsPager
  await pager.next(none)
  const [cursor] = take(pager, ['g1']) as [GuidsCursor]
  const position = { ...plan.position(cursor), leads: 1 }
  const digest = digestOf('g0', 'g1')
  t.strictSame(position, { paging: 'guids', guids: 2, pending: ['g0'], missing: 0, digest, leads: 1 })
  const later = guidsPlan(request, JSON.parse(JSON.stringify(position)))
  t.strictSame(later.start, { taken: 2, pending: ['g0'], missing: 0, digest })
  t.strictSame((await later.next(none)?.pager.next(none))?.guids, ['g0'])
})
