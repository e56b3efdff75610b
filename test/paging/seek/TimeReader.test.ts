import t from 'tap'
import type { SeekCursor } from '../../../lib/paging/seek/SeekList.ts'
import { SeekList } from '../../../lib/paging/seek/SeekList.ts'
import { TimeReader } from '../../../lib/paging/seek/TimeReader.ts'
import { UnorderedElements } from '../../../lib/paging/seek/UnorderedElements.ts'
import { elementOf, nameOf } from '../../support/elementOf.ts'

const unlimited = Number.POSITIVE_INFINITY

interface Given {
  from?: SeekCursor
  end?: number
  max?: number
  stopTime?: number
}

/** A reader, and `page` to pass it a page: "a5" is a lead with guid a at time 5, other texts are not leads. */
function reading({ from = { time: 0 }, end = unlimited, max = 4, stopTime = 100 }: Given = {}) {
  const list = new SeekList({ max, stopTime })
  const reader = new TimeReader(list, from, new UnorderedElements(from.unordered), end)
  const page = (...names: string[]) => {
    const request = reader.next(unlimited)
    const delivered: string[] = []
    const cursors: SeekCursor[] = []
    for (const name of names) {
      const [, guid, time] = /^([a-z]+)(\d+)$/.exec(name) ?? []
      const element = elementOf(guid === undefined ? name : { guid, insertedAt: Number(time) })
      reader.take(element, (one, cursor) => {
        delivered.push(nameOf(one))
        cursors.push(cursor)
      })
    }
    return { request, delivered: delivered.join(' '), cursors, outcome: reader.finish(names.length) }
  }
  return { reader, page }
}

const table: [title: string, given: Given, pages: string[][], delivered: string[], outcome: object][] = [
  ['an empty page is the end', {}, [[]], [''], { next: 'end', before: unlimited }],
  ['the last group of a page is held back', {}, [['a1', 'b2', 'c3']], ['a b'], { next: 'page' }],
  ['a group is delivered in the order of guid', {}, [['c1', 'a1', 'b1', 'd2']], ['a b c'], { next: 'page' }],
  [
    'a group that fills the page is a tie',
    {},
    [['a1', 'b1', 'c1', 'd1']],
    [''],
    { next: 'tie', time: 1, isLarge: true },
  ],
  ['a group that is the whole list is a tie', {}, [['a1']], [''], { next: 'tie', time: 1, isLarge: false }],
  [
    'a group cut by the page is requested again',
    {},
    [
      ['a1', 'b2'],
      ['b2', 'c2', 'd3'],
    ],
    ['a', 'b c'],
    { next: 'page' },
  ],
  [
    'leads before the cursor are left out',
    { from: { time: 2, guid: 'b' } },
    [['a2', 'b2', 'c2', 'd3']],
    ['c'],
    { next: 'page' },
  ],
  [
    'a lead after the stretch ends it',
    { end: 3 },
    [['a1', 'b2', 'c3', 'd3']],
    ['a b'],
    { next: 'end', before: 3 },
  ],
  [
    'a lead after stopTime ends the list',
    { stopTime: 2 },
    [['a1', 'b2', 'c3']],
    ['a b'],
    { next: 'end', before: unlimited },
  ],
  [
    'a lead on the bound requests the page once more',
    { from: { time: 4 } },
    [['a4']],
    [''],
    { next: 'page' },
  ],
  [
    'malformed elements are delivered after the lead before them',
    {},
    [['a1', 'x!', 'b2', 'c3', 'd4']],
    ['a x! b c'],
    { next: 'page' },
  ],
  [
    'malformed elements at the beginning are delivered at once, and once',
    {},
    [
      ['x!', 'a1'],
      ['x!', 'a1', 'b2'],
    ],
    ['x!', 'a'],
    { next: 'page' },
  ],
  [
    'malformed elements at the end of a page are delivered with their group',
    {},
    [
      ['a1', 'b2', 'x!'],
      ['b2', 'x!', 'c3'],
    ],
    ['a', 'b x!'],
    { next: 'page' },
  ],
  [
    'a page of only malformed elements is the end if nothing follows',
    {},
    [['x!', 'y!'], []],
    ['x! y!', ''],
    { next: 'end', before: unlimited },
  ],
  [
    'a full page of only malformed elements is the end if nothing follows',
    {},
    [['w!', 'x!', 'y!', 'z!'], []],
    ['w! x! y! z!', ''],
    { next: 'end', before: unlimited },
  ],
]
for (const [title, given, pages, delivered, outcome] of table) {
  t.test(`TimeReader: ${title}`, async t => {
    const { page } = reading(given)
    const read = pages.map(names => page(...names))
    t.strictSame(
      read.map(one => one.delivered),
      delivered,
    )
    t.strictSame(read.at(-1)?.outcome, outcome)
  })
}

t.test(
  'TimeReader: if few leads are wanted, a page without a time is requested again with max before it counts',
  async t => {
    const { reader } = reading({ max: 10 })
    t.match(reader.next(1), { max: 2, offset: undefined })
    for (const name of ['x!', 'y!']) reader.take(elementOf(name), () => {})
    t.strictSame(reader.finish(2), { next: 'page' })
    t.match(reader.next(1), { max: 10, offset: undefined })
  },
)

t.test('TimeReader: it continues from the time of the group that was cut', async t => {
  const { page } = reading()
  t.match(page('a1', 'b7').request, { startTime: 0, stopTime: 101 })
  t.match(page('b7', 'c9').request, { startTime: 6 })
})

t.test('TimeReader: after a page without a time, the next request is by offset', async t => {
  const { page } = reading()
  t.match(page('x!', 'y!').request, { offset: undefined })
  t.match(page().request, { startTime: 0, offset: 2 })
})

t.test('TimeReader: an inclusive bound is learnt, and the list is requested again', async t => {
  const { page } = reading({ from: { time: 4 } })
  t.match(page('a4', 'b4').request, { startTime: 4 })
  t.match(page('c5', 'd6').request, { startTime: 5 })
})

t.test('TimeReader: each cursor continues after its lead', async t => {
  const { cursors } = reading().page('b1', 'a1', 'x!', 'c2')
  t.strictSame(
    cursors.map(({ time, guid, unordered: others }) => [time, guid, others?.length]),
    [
      [1, 'a', undefined],
      [1, 'b', undefined],
      [1, 'b', 1],
    ],
  )
})

const refused: [title: string, given: Given, pages: string[][], message: RegExp][] = [
  [
    'a list that is not in order (the server ignores sort)',
    {},
    [['a2', 'b1']],
    /^the list is not in the order of insertedAt: 1 comes after 2; set/,
  ],
  [
    'leads before startTime (the server ignores startTime)',
    { from: { time: 50 } },
    [['a1', 'b2']],
    /^the list has leads from before its startTime; set/,
  ],
  [
    'a page without a time that is not the last (the server caps max)',
    {},
    [['x!', 'y!'], ['a1']],
    /^more elements follow a page on which none has insertedAt; set/,
  ],
]
for (const [title, given, pages, message] of refused) {
  t.test(`TimeReader: ${title} is PAGING`, async t => {
    const { page } = reading(given)
    t.throws(() => pages.map(names => page(...names)), { code: 'PAGING', retryable: false, message })
  })
}

t.test('TimeReader: a server that ignores max is read no further than one page of one time', async t => {
  const { reader } = reading()
  reader.next(unlimited)
  const answers = ['a', 'b', 'c', 'd', 'e'].map(guid =>
    reader.take(elementOf({ guid, insertedAt: 1 }), () => {}),
  )
  t.strictSame(answers, [undefined, undefined, undefined, undefined, 'enough'])
  t.strictSame(reader.finish(5), { next: 'tie', time: 1, isLarge: true })
})

t.test('TimeReader: a broken page is not the end, and a single group in it is read by guid', async t => {
  for (const [names, expected] of [
    [[], { next: 'page', progress: false }],
    [['a1'], { next: 'tie', time: 1, isLarge: false, progress: false }],
    [['a1', 'b2'], { next: 'page', progress: true }],
  ] as const) {
    const { reader } = reading()
    reader.next(unlimited)
    for (const name of names) reader.take(elementOf({ guid: name[0], insertedAt: Number(name[1]) }), () => {})
    t.strictSame(reader.interrupt(), expected)
  }
})
