import t from 'tap'
import { SeekList } from '../../../lib/paging/seek/SeekList.ts'
import { elementOf } from '../../support/elementOf.ts'

t.test('SeekList: requests are sorted by the pivot, with bounds a millisecond wider than needed', async t => {
  const list = new SeekList({ search: 'x', stopTime: 2_000 })
  t.strictSame(list.from(1_000, Number.POSITIVE_INFINITY), {
    search: 'x',
    sort: 'insertedAt',
    dir: 'asc',
    max: 100,
    timePivot: 'insertedAt',
    startTime: 999,
    stopTime: 2_001,
  })
  t.strictSame(list.at(1_000, 30), {
    search: 'x',
    sort: 'guid',
    dir: 'asc',
    max: 100,
    offset: 30,
    timePivot: 'insertedAt',
    startTime: 999,
    stopTime: 1_001,
  })
})

t.test(
  'SeekList: a lead exactly on a bound shows that the bound is inclusive, and later requests are exact',
  async t => {
    for (const [time, startTime, stopTime] of [
      [999, 1_000, 2_001],
      [2_001, 999, 2_000],
      [1_500, 999, 2_001],
    ]) {
      const list = new SeekList({ stopTime: 2_000 })
      const request = list.from(1_000, 9)
      t.equal(list.learn(request, time as number), time !== 1_500)
      t.match(list.from(1_000, 9), { startTime, stopTime })
    }
  },
)

t.test('SeekList: a request has no bound if the query has none, and none below 0', async t => {
  const list = new SeekList({})
  const bounds = ({ startTime, stopTime }: object & { startTime?: unknown; stopTime?: unknown }) => [
    startTime,
    stopTime,
  ]
  t.strictSame(bounds(list.from(Number.NEGATIVE_INFINITY, 9)), [undefined, undefined])
  t.strictSame(
    bounds(list.from(0, 9)),
    [undefined, undefined],
    'without startTime, leads without a time are listed, too',
  )
  t.strictSame(bounds(list.at(0, 0)), [undefined, 1])
  list.stop = -5
  t.strictSame(bounds(list.from(1, 9)), [0, 0])
})

t.test(
  'SeekList: a page has one lead more than wanted, to complete the last group, and at least two',
  async t => {
    const list = new SeekList({ max: 50 })
    for (const [wanted, max] of [
      [1, 2],
      [0, 2],
      [10, 11],
      [49, 50],
      [1_000, 50],
    ]) {
      t.equal(list.from(0, wanted as number).max, max)
    }
  },
)

t.test('SeekList: each pivot is sorted by its own name, except the first conversion', async t => {
  for (const timePivot of ['insertedAt', 'lastModifiedAt', 'closedAt', 'lastConvertedAt'] as const) {
    t.match(new SeekList({ timePivot }).from(0, 9), { sort: timePivot, timePivot })
  }
  const first = new SeekList({ timePivot: 'firstConvertedAt' })
  t.match(first.from(0, 9), { sort: 'fce.convertDate', timePivot: 'firstConvertedAt' })
})

t.test('SeekList: startTime is exclusive, and stopTime is inclusive', async t => {
  const list = new SeekList({ startTime: 10, stopTime: 20 })
  t.strictSame([list.start, list.stop], [11, 20])
})

const times: [what: string, lead: object | string, time: number | undefined][] = [
  ['an integer', { insertedAt: 5 }, 5],
  ['0', { insertedAt: 0 }, 0],
  ['an absent field is 0', { guid: 'a' }, 0],
  ['null is 0', { insertedAt: null }, 0],
  ['a fraction is not a time', { insertedAt: 5.5 }, undefined],
  ['a string is not a time', { insertedAt: '5' }, undefined],
  ['a number that is not exact is not a time', { insertedAt: 2 ** 60 }, undefined],
  ['an element that is not a lead has no time', 'tru', undefined],
]
for (const [what, lead, time] of times) {
  t.test(`SeekList.timeOf: ${what}`, async t => {
    t.equal(new SeekList({}).timeOf(elementOf(lead)), time)
  })
}

t.test('SeekList.timeOf: firstConvertedAt is the least convertDate, and 0 without events', async t => {
  const list = new SeekList({ timePivot: 'firstConvertedAt' })
  const of = (leadConversionEvents: unknown) => list.timeOf(elementOf({ leadConversionEvents }))
  t.equal(of([{ convertDate: 7 }, { convertDate: 3 }, { convertDate: 5 }]), 3)
  t.equal(of([{ convertDate: 7 }, {}]), undefined, 'the time of an event without convertDate is unknown')
  t.equal(of([{ convertDate: 7 }, { convertDate: '2011-03-13' }]), undefined)
  t.equal(of([null]), undefined)
  t.equal(of([]), 0)
  t.equal(of(undefined), 0)
  t.equal(of('x'), 0)
})

t.test('SeekList.timeOf: a lead may have any number of events', async t => {
  const list = new SeekList({ timePivot: 'firstConvertedAt' })
  const leadConversionEvents = Array.from({ length: 200_000 }, (_, n) => ({ convertDate: 300_000 - n }))
  t.equal(list.timeOf(elementOf({ leadConversionEvents })), 100_001)
})

t.test('SeekList.error suggests offset paging', async t => {
  t.match(new SeekList({}).error('it is so'), {
    code: 'PAGING',
    retryable: false,
    message: "it is so; set paging to 'offset' to read this list",
    context: { timePivot: 'insertedAt' },
  })
})
