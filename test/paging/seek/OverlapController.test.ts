import t from 'tap'
import { OverlapController, type TiePage } from '../../../lib/paging/seek/OverlapController.ts'

const page = (received: number, { joins = true, isNew = true } = {}): TiePage => ({
  received,
  isContiguous: joins,
  isNew,
})
const gap = page(10, { joins: false })

/** The offsets after each of these pages. */
function follow(offset: OverlapController, pages: readonly TiePage[]): number[] {
  return pages.map(one => {
    offset.moveAfterPage(one)
    return offset.value
  })
}

t.test('OverlapController: each page begins with the last element of the page before', async t => {
  t.strictSame(follow(new OverlapController(10, 0), [page(10), page(10), page(7)]), [9, 18, 24])
})

t.test(
  'OverlapController: at a gap it steps back, twice as far each time, at most to the beginning',
  async t => {
    t.strictSame(follow(new OverlapController(10, 20), [gap, gap, gap, gap, gap, gap]), [19, 17, 13, 5, 0, 0])
  },
)

t.test(
  'OverlapController: after a gap pages overlap more, at most by half a page, and then less again',
  async t => {
    const offset = new OverlapController(10, 100)
    follow(offset, [gap, gap, gap, gap])
    t.equal(offset.value, 85)
    t.strictSame(follow(offset, [page(10), page(10), page(10)]), [93, 102, 111])
  },
)

t.test('OverlapController: after a page that joins, the next step back is one element again', async t => {
  const offset = new OverlapController(10, 50)
  t.strictSame(follow(offset, [gap, gap, page(10), gap]), [49, 47, 55, 54])
})

t.test('OverlapController: pages without a new element are skipped, in larger steps each time', async t => {
  const known = page(10, { isNew: false })
  t.strictSame(
    follow(new OverlapController(10, 0), [known, known, known, page(10), page(10)]),
    [9, 19, 31, 47, 56],
  )
})

t.test(
  'OverlapController: the end is an empty page after at most one lead, or a page of one known element',
  async t => {
    const none = page(0, { joins: false, isNew: false })
    const first = new OverlapController(10, 0)
    t.ok(first.isEnd(none), 'an empty page at the beginning is the end')
    t.notOk(first.isEnd(page(3)), 'a short page is not the end, since a server may cap max')
    first.moveAfterPage(page(3))
    t.notOk(first.isEnd(none), 'an empty page after several leads is not the end')
    t.ok(first.isEnd(page(1, { isNew: false })), 'a page of one known element is the end')
    t.notOk(first.isEnd(page(2, { isNew: false })), 'a page of two known elements is not the end')
    const alone = new OverlapController(10, 0)
    alone.moveAfterPage(page(1))
    t.equal(alone.value, 1)
    t.ok(alone.isEnd(none), 'an empty page after a single lead is the end')
  },
)

t.test(
  'OverlapController: after a part of a page it continues with the last element, which is not the end',
  async t => {
    const offset = new OverlapController(10, 0)
    offset.moveAfterPart(page(6))
    t.equal(offset.value, 5)
    offset.moveAfterPart(page(1))
    offset.moveAfterPart(page(4, { joins: false }))
    t.equal(offset.value, 5)
    t.notOk(offset.isEnd(page(0, { joins: false, isNew: false })))
  },
)
