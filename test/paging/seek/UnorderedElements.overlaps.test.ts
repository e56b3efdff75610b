import t from 'tap'
import { OverlapFilter } from '../../../lib/paging/seek/UnorderedElements.ts'

const span = (first?: number) => ({ first, last: 0, leads: 0, spread: 0 })

t.test(
  'OverlapFilter: an element that arrived with the stretch before is dropped, up to the first time of the next',
  async t => {
    const seam = new OverlapFilter()
    t.match(
      seam.completeCursor({ time: 5, ownDigest: 'x' }, span(7)),
      { time: 5, ownDigest: 'x' },
      'no stretch is before it',
    )
    seam.done({ span: span(3), unordered: ['x', 'y'] })
    t.equal(seam.completeCursor({ time: 5, ownDigest: 'x' }, span(7)), undefined)
    t.equal(seam.completeCursor({ time: 7, ownDigest: 'y', unordered: ['y'] }, span(7)), undefined)
    const later = { time: 8, ownDigest: 'x', unordered: ['x'] }
    t.equal(seam.completeCursor(later, span(7)), later, 'an element after the first time is kept')
  },
)

t.test('OverlapFilter: cursors up to the first time hold the elements of the stretch before', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), unordered: ['x'] })
  t.strictSame(seam.completeCursor({ time: 7, guid: 'a' }, span(7)), { time: 7, guid: 'a', unordered: ['x'] })
  const others = ['z']
  const [one, two] = ['a', 'b'].map(guid =>
    seam.completeCursor({ time: 7, guid, unordered: others }, span(7)),
  )
  t.strictSame(one?.unordered, ['x', 'z'])
  t.equal(one?.unordered, two?.unordered, 'many cursors share one list')
})

t.test('OverlapFilter: a stretch without leads passes on the elements of the stretch before', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), unordered: ['x'] })
  seam.done({ span: span(), unordered: ['y'] })
  t.equal(seam.completeCursor({ time: 9, ownDigest: 'x' }, span()), undefined)
  t.equal(seam.completeCursor({ time: 9, ownDigest: 'y' }, span()), undefined)
  seam.done({ span: span(9), unordered: undefined })
  t.match(seam.completeCursor({ time: 11, ownDigest: 'y' }, span()), { ownDigest: 'y' })
})
