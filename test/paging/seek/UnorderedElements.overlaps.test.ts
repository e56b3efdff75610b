import t from 'tap'
import { OverlapFilter } from '../../../lib/paging/seek/UnorderedElements.ts'

const span = (first?: number) => ({ first, last: 0, leads: 0, spread: 0 })

t.test('what came with the stretch in front is dropped, up to the first time of the next', async t => {
  const seam = new OverlapFilter()
  t.match(
    seam.completeCursor({ time: 5, ownDigest: 'x' }, span(7)),
    { time: 5, ownDigest: 'x' },
    'nothing is in front',
  )
  seam.done({ span: span(3), unordered: ['x', 'y'] })
  t.equal(seam.completeCursor({ time: 5, ownDigest: 'x' }, span(7)), undefined)
  t.equal(seam.completeCursor({ time: 7, ownDigest: 'y', unordered: ['y'] }, span(7)), undefined)
  const behind = { time: 8, ownDigest: 'x', unordered: ['x'] }
  t.equal(seam.completeCursor(behind, span(7)), behind, 'a later time knows nothing of it')
})

t.test('cursors up to the first time hold what came in front', async t => {
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

t.test('a stretch without leads passes on what came in front of it', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), unordered: ['x'] })
  seam.done({ span: span(), unordered: ['y'] })
  t.equal(seam.completeCursor({ time: 9, ownDigest: 'x' }, span()), undefined)
  t.equal(seam.completeCursor({ time: 9, ownDigest: 'y' }, span()), undefined)
  seam.done({ span: span(9), unordered: undefined })
  t.match(seam.completeCursor({ time: 11, ownDigest: 'y' }, span()), { ownDigest: 'y' })
})
