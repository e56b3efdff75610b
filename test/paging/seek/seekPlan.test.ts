import t from 'tap'
import type { PageQuery } from '../../../lib/lead/LeadsQuery.ts'
import type { SeekPosition } from '../../../lib/lead/Position.ts'
import type { Stretch } from '../../../lib/paging/LeadPlan.ts'
import type { SeekCursor } from '../../../lib/paging/seek/SeekList.ts'
import { seekPlan } from '../../../lib/paging/seek/seekPlan.ts'
import { elementOf, nameOf } from '../../support/elementOf.ts'

const unlimited = Number.POSITIVE_INFINITY
type Lead = { guid: string; insertedAt: number }

/** The page that a server of these leads answers, exactly as documented. */
function answer(
  list: readonly Lead[],
  { startTime, stopTime, sort, offset = 0, max = 10 }: PageQuery,
): Lead[] {
  return list
    .filter(
      ({ insertedAt }) =>
        (startTime === undefined || insertedAt > Number(startTime)) &&
        (stopTime === undefined || insertedAt <= Number(stopTime)),
    )
    .toSorted((a, b) => (sort === 'guid' ? (a.guid < b.guid ? -1 : 1) : a.insertedAt - b.insertedAt))
    .slice(offset, offset + max)
}

/** Reads a stretch to its end; returns the guids and the number of requests. */
function readStretch({ pager }: Stretch<SeekCursor>, list: readonly Lead[]) {
  const delivered: string[] = []
  let requests = 0
  for (;;) {
    const query = pager.next(unlimited) as PageQuery | undefined
    if (query === undefined) return { delivered, requests }
    requests += 1
    const page = answer(list, query)
    for (const lead of page) {
      if (pager.take(elementOf(lead), one => delivered.push(nameOf(one))) === 'enough') break
    }
    pager.finish(page.length, () => {})
  }
}

/** Keeps `width` stretches open, reads them in the order of `pick`, and delivers them in order. */
function readAll(list: readonly Lead[], width: number, pick: (open: number) => number) {
  const plan = seekPlan({ max: 10 }, { lag: 0, isSequential: width === 1 })
  plan.answered?.(1_000_000)
  const delivered: string[] = []
  let requests = 0
  let most = 0
  let open: { stretch: Stretch<SeekCursor>; read?: { delivered: string[]; requests: number } }[] = []
  for (;;) {
    while (open.filter(({ read }) => read === undefined).length < width) {
      const stretch = plan.next(unlimited)
      if (stretch === undefined) break
      open.push({ stretch })
      open.sort((a, b) => a.stretch.order - b.stretch.order)
    }
    most = Math.max(most, open.length)
    const unread = open.filter(({ read }) => read === undefined)
    const one = unread[pick(unread.length) % Math.max(1, unread.length)]
    if (one !== undefined) {
      one.read = readStretch(one.stretch, list)
      requests += one.read.requests
      plan.read?.(one.stretch)
    }
    const [first] = open
    if (first === undefined) return { delivered, requests, most }
    if (first.read === undefined || (plan.nextOrder !== undefined && plan.nextOrder < first.stretch.order))
      continue
    delivered.push(...first.read.delivered)
    open.shift()
    if (plan.done(first.stretch) === 'discard') open = []
  }
}

const spread = (count: number, gap: (n: number) => number): Lead[] => {
  let insertedAt = 1_000
  return Array.from({ length: count }, (_, n) => {
    insertedAt += gap(n)
    return { guid: `g${String(n).padStart(4, '0')}`, insertedAt }
  })
}

const lists: Record<string, Lead[]> = {
  'an empty list': [],
  'one lead': spread(1, () => 1),
  'one lead per millisecond': spread(300, () => 1),
  'leads far apart': spread(300, () => 1_000),
  'denser and denser leads': spread(300, n => Math.ceil(2_000 / (n + 1))),
  'sparser and sparser leads': spread(300, n => n),
  'ties of thirty': spread(300, n => (n % 30 === 0 ? 50 : 0)),
  'one tie': spread(300, () => 0),
  'a lead, a pause, and a cluster': spread(200, n => (n === 1 ? 500_000 : 2)),
}
for (const [what, list] of Object.entries(lists)) {
  t.test(`seekPlan: ${what}: every lead once and in order, whichever stretch is read first`, async t => {
    const guids = list.map(({ guid }) => guid)
    for (const width of [1, 2, 5]) {
      for (const [how, pick] of Object.entries({
        first: () => 0,
        last: (open: number) => open - 1,
        middle: (open: number) => open >> 1,
      })) {
        t.strictSame(readAll(list, width, pick).delivered, guids, `${width} stretches, the ${how} read first`)
      }
    }
  })
}

t.test(
  'seekPlan: after one page the density of the leads is known, and windows are planned in parallel',
  async t => {
    const list = lists['leads far apart'] as Lead[]
    const plan = seekPlan({ max: 10 }, { lag: 0 })
    plan.answered?.(1_000_000)
    const first = plan.next(unlimited) as Stretch<SeekCursor>
    t.equal(plan.next(unlimited), undefined, 'the first stretch is the whole list until the density is known')
    readStretch(first, list)
    plan.read?.(first)
    const windows = [plan.next(unlimited), plan.next(unlimited)] as Stretch<SeekCursor>[]
    t.ok(windows.every(window => window !== undefined))
    t.ok((windows[0]?.order as number) < (windows[1]?.order as number))
    t.equal(plan.next(unlimited), undefined, 'no more than two windows after one page')
    readStretch(windows[0] as Stretch<SeekCursor>, list)
    t.ok(plan.next(unlimited))
  },
)

t.test('seekPlan: no stretch is planned if no lead is wanted, and at most a page if few are', async t => {
  const plan = seekPlan({ max: 10 }, { lag: 0 })
  t.equal(plan.next(0), undefined)
  t.equal(plan.next(-3), undefined)
  t.equal(plan.next(5)?.expected, 10)
})

t.test('seekPlan: without read-ahead the list is one stretch', async t => {
  const plan = seekPlan({ max: 10 }, { lag: 0, isSequential: true })
  t.equal(plan.next(unlimited)?.expected, unlimited)
  t.equal(plan.next(unlimited), undefined)
})

t.test(
  'seekPlan: the end is the time of the first answer less the lag, or stopTime if that is earlier',
  async t => {
    for (const [stopTime, time, expected] of [
      [undefined, 5_000, 4_900],
      [4_000, 5_000, 4_000],
      [6_000, 5_000, 4_900],
    ] as const) {
      const plan = seekPlan({ stopTime }, { lag: 100, isSequential: true })
      plan.answered?.(time)
      t.match(plan.position(plan.start), { stopTime: expected })
    }
  },
)

t.test('seekPlan: a plan from a position as JSON continues there', async t => {
  const plan = seekPlan({ startTime: 9 }, { lag: 0, isSequential: true })
  t.strictSame(plan.position(plan.start), { paging: 'seek', timePivot: 'insertedAt', startTime: 9, pivot: 9 })
  const cursor = { time: 20, guid: 'b', tie: 3, unordered: ['x'] }
  const position = { ...plan.position(cursor), leads: 4 } as SeekPosition
  t.strictSame(position, {
    paging: 'seek',
    timePivot: 'insertedAt',
    startTime: 9,
    pivot: 20,
    guid: 'b',
    tie: 3,
    others: ['x'],
    leads: 4,
  })
  const from = JSON.parse(JSON.stringify(position))
  t.strictSame(seekPlan({ startTime: 9 }, { lag: 0, isSequential: true, from }).start, cursor)
})
