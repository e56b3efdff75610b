import t from 'tap'
import { OverlapController, type TiePage } from '../../../lib/paging/seek/OverlapController.ts'

const page = (received: number, { joins = true, isNew = true } = {}): TiePage => ({
  received,
  isContiguous: joins,
  isNew,
})
const gap = page(10, { joins: false })

/** The offsets at which it goes on behind pages. */
function follow(offset: OverlapController, pages: readonly TiePage[]): number[] {
  return pages.map(one => {
    offset.moveAfterPage(one)
    return offset.value
  })
}

t.test('each page begins with the last element of the one before', async t => {
  t.strictSame(follow(new OverlapController(10, 0), [page(10), page(10), page(7)]), [9, 18, 24])
})

t.test('at a gap it steps back, twice as far each time, to the beginning at most', async t => {
  t.strictSame(follow(new OverlapController(10, 20), [gap, gap, gap, gap, gap, gap]), [19, 17, 13, 5, 0, 0])
})

t.test('once there was a gap, pages overlap by more, half a page at most; then by less again', async t => {
  const offset = new OverlapController(10, 100)
  follow(offset, [gap, gap, gap, gap])
  t.equal(offset.value, 85)
  t.strictSame(follow(offset, [page(10), page(10), page(10)]), [93, 102, 111])
})

t.test('how far it steps back begins anew behind a page that joins', async t => {
  const offset = new OverlapController(10, 50)
  t.strictSame(follow(offset, [gap, gap, page(10), gap]), [49, 47, 55, 54])
})

t.test('a page that brings nothing new is leapt over, further each time', async t => {
  const known = page(10, { isNew: false })
  t.strictSame(
    follow(new OverlapController(10, 0), [known, known, known, page(10), page(10)]),
    [9, 19, 31, 47, 56],
  )
})

t.test(
  'the end is an empty page where one lead or none is in front of it, or one of what is known',
  async t => {
    const none = page(0, { joins: false, isNew: false })
    const first = new OverlapController(10, 0)
    t.ok(first.isEnd(none), 'nothing at the beginning')
    t.notOk(first.isEnd(page(3)), 'not a short page: a server may give fewer than it is asked for')
    first.moveAfterPage(page(3))
    t.notOk(first.isEnd(none), 'an empty page joins nothing')
    t.ok(first.isEnd(page(1, { isNew: false })), 'only what is known')
    t.notOk(first.isEnd(page(2, { isNew: false })), 'more than is known')
    const alone = new OverlapController(10, 0)
    alone.moveAfterPage(page(1))
    t.equal(alone.value, 1)
    t.ok(alone.isEnd(none), 'nothing behind a single lead')
  },
)

t.test('behind a part it goes on with the last element of it, which proves no end', async t => {
  const offset = new OverlapController(10, 0)
  offset.moveAfterPart(page(6))
  t.equal(offset.value, 5)
  offset.moveAfterPart(page(1))
  offset.moveAfterPart(page(4, { joins: false }))
  t.equal(offset.value, 5)
  t.notOk(offset.isEnd(page(0, { joins: false, isNew: false })))
})
