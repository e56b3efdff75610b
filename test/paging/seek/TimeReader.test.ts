import t from 'tap'
import type { SeekCursor } from '../../../lib/paging/seek/SeekList.ts'
import { SeekList } from '../../../lib/paging/seek/SeekList.ts'
import { TimeReader } from '../../../lib/paging/seek/TimeReader.ts'
import { UnorderedElements } from '../../../lib/paging/seek/UnorderedElements.ts'
import { elementOf, nameOf } from '../../support/elementOf.ts'

const none = Number.POSITIVE_INFINITY

interface Given {
  from?: SeekCursor
  end?: number
  max?: number
  stopTime?: number
}

/** A reader, and what it makes of a page: "a5" is a lead with guid a at 5, other texts are no leads. */
function reading({ from = { time: 0 }, end = none, max = 4, stopTime = 100 }: Given = {}) {
  const list = new SeekList({ max, stopTime })
  const reader = new TimeReader(list, from, new UnorderedElements(from.others), end)
  const page = (...names: string[]) => {
    const asked = reader.next(none)
    const came: string[] = []
    const cursors: SeekCursor[] = []
    for (const name of names) {
      const [, guid, time] = /^([a-z]+)(\d+)$/.exec(name) ?? []
      const element = elementOf(guid === undefined ? name : { guid, insertedAt: Number(time) })
      reader.take(element, (one, cursor) => {
        came.push(nameOf(one))
        cursors.push(cursor)
      })
    }
    return { asked, came: came.join(' '), cursors, outcome: reader.finish(names.length) }
  }
  return { reader, page }
}

const table: [title: string, given: Given, pages: string[][], came: string[], outcome: object][] = [
  ['an empty page is the end', {}, [[]], [''], { next: 'end', before: none }],
  ['the last group waits', {}, [['a1', 'b2', 'c3']], ['a b'], { next: 'page' }],
  ['a group is handed on by guid', {}, [['c1', 'a1', 'b1', 'd2']], ['a b c'], { next: 'page' }],
  ['a group that fills the page is a tie', {}, [['a1', 'b1', 'c1', 'd1']], [''], { next: 'tie', time: 1 }],
  ['so is one that ends the list', {}, [['a1']], [''], { next: 'tie', time: 1 }],
  [
    'a group cut by the page is asked for again',
    {},
    [
      ['a1', 'b2'],
      ['b2', 'c2', 'd3'],
    ],
    ['a', 'b c'],
    { next: 'page' },
  ],
  [
    'what is done is left out',
    { from: { time: 2, guid: 'b' } },
    [['a2', 'b2', 'c2', 'd3']],
    ['c'],
    { next: 'page' },
  ],
  [
    'what is behind the stretch ends it',
    { end: 3 },
    [['a1', 'b2', 'c3', 'd3']],
    ['a b'],
    { next: 'end', before: 3 },
  ],
  [
    'what is behind the list ends the list',
    { stopTime: 2 },
    [['a1', 'b2', 'c3']],
    ['a b'],
    { next: 'end', before: none },
  ],
  [
    'a lead on the bound is asked once more, no further',
    { from: { time: 4 } },
    [['a4']],
    [''],
    { next: 'page' },
  ],
  [
    'malformed elements come behind the lead in front',
    {},
    [['a1', 'x!', 'b2', 'c3', 'd4']],
    ['a x! b c'],
    { next: 'page' },
  ],
  [
    'leading ones come at once, and once',
    {},
    [
      ['x!', 'a1'],
      ['x!', 'a1', 'b2'],
    ],
    ['x!', 'a'],
    { next: 'page' },
  ],
  [
    'ones at the end of a page come with their group',
    {},
    [
      ['a1', 'b2', 'x!'],
      ['b2', 'x!', 'c3'],
    ],
    ['a', 'b x!'],
    { next: 'page' },
  ],
  [
    'a page of only such is the end when nothing is behind it',
    {},
    [['x!', 'y!'], []],
    ['x! y!', ''],
    { next: 'end', before: none },
  ],
  ['a full one, too', {}, [['w!', 'x!', 'y!', 'z!'], []], ['w! x! y! z!', ''], { next: 'end', before: none }],
]
for (const [title, given, pages, came, outcome] of table) {
  t.test(title, async t => {
    const { page } = reading(given)
    const read = pages.map(names => page(...names))
    t.strictSame(
      read.map(one => one.came),
      came,
    )
    t.strictSame(read.at(-1)?.outcome, outcome)
  })
}

t.test(
  'where few are wanted, a page without a time is asked for whole before anything is made of it',
  async t => {
    const { reader } = reading({ max: 10 })
    t.match(reader.next(1), { max: 2, offset: undefined })
    for (const name of ['x!', 'y!']) reader.take(elementOf(name), () => {})
    t.strictSame(reader.finish(2), { next: 'page' })
    t.match(reader.next(1), { max: 10, offset: undefined })
  },
)

t.test('it goes on from the time of the group that was cut', async t => {
  const { page } = reading()
  t.match(page('a1', 'b7').asked, { startTime: 0, stopTime: 101 })
  t.match(page('b7', 'c9').asked, { startTime: 6 })
})

t.test('whether anything is behind a page without a time is asked by its offset', async t => {
  const { page } = reading()
  t.match(page('x!', 'y!').asked, { offset: undefined })
  t.match(page().asked, { startTime: 0, offset: 2 })
})

t.test('when the bound is included, that is learned, and the list is asked for anew', async t => {
  const { page } = reading({ from: { time: 4 } })
  t.match(page('a4', 'b4').asked, { startTime: 4 })
  t.match(page('c5', 'd6').asked, { startTime: 5 })
})

t.test('each cursor goes on behind its lead', async t => {
  const { cursors } = reading().page('b1', 'a1', 'x!', 'c2')
  t.strictSame(
    cursors.map(({ time, guid, others }) => [time, guid, others?.length]),
    [
      [1, 'a', undefined],
      [1, 'b', undefined],
      [1, 'b', 1],
    ],
  )
})

const refused: [title: string, given: Given, pages: string[][], message: RegExp][] = [
  [
    'an order that is none (the server ignores sort)',
    {},
    [['a2', 'b1']],
    /^the list is not in the order of insertedAt: 1 comes after 2; set/,
  ],
  [
    'leads from before the start (the server ignores startTime)',
    { from: { time: 50 } },
    [['a1', 'b2']],
    /^the list has leads from before its startTime; set/,
  ],
  [
    'a page without a time that is not the last (the server gives fewer than `max`)',
    {},
    [['x!', 'y!'], ['a1']],
    /^more elements follow a page on which none has insertedAt; set/,
  ],
]
for (const [title, given, pages, message] of refused) {
  t.test(`${title} is PAGING`, async t => {
    const { page } = reading(given)
    t.throws(() => pages.map(names => page(...names)), { code: 'PAGING', retryable: false, message })
  })
}

t.test('a server that ignores max is read no further than a page of one time', async t => {
  const { reader } = reading()
  reader.next(none)
  const answers = ['a', 'b', 'c', 'd', 'e'].map(guid =>
    reader.take(elementOf({ guid, insertedAt: 1 }), () => {}),
  )
  t.strictSame(answers, [undefined, undefined, undefined, undefined, 'enough'])
  t.strictSame(reader.finish(5), { next: 'tie', time: 1 })
})

t.test('a page that broke off proves no end, and a lone group in it is read by guid', async t => {
  for (const [names, expected] of [
    [[], { next: 'page', progress: false }],
    [['a1'], { next: 'tie', time: 1, progress: false }],
    [['a1', 'b2'], { next: 'page', progress: true }],
  ] as const) {
    const { reader } = reading()
    reader.next(none)
    for (const name of names) reader.take(elementOf({ guid: name[0], insertedAt: Number(name[1]) }), () => {})
    t.strictSame(reader.interrupt(), expected)
  }
})
