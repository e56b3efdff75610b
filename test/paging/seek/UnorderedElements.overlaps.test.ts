import t from 'tap'
import { OverlapFilter } from '../../../lib/paging/seek/UnorderedElements.ts'

const span = (first?: number) => ({ first, last: 0, leads: 0, spread: 0 })

t.test('what came with the stretch in front is dropped, up to the first time of the next', async t => {
  const seam = new OverlapFilter()
  t.match(seam.join({ time: 5, other: 'x' }, span(7)), { time: 5, other: 'x' }, 'nothing is in front')
  seam.done({ span: span(3), others: ['x', 'y'] })
  t.equal(seam.join({ time: 5, other: 'x' }, span(7)), undefined)
  t.equal(seam.join({ time: 7, other: 'y', others: ['y'] }, span(7)), undefined)
  const behind = { time: 8, other: 'x', others: ['x'] }
  t.equal(seam.join(behind, span(7)), behind, 'a later time knows nothing of it')
})

t.test('cursors up to the first time hold what came in front', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), others: ['x'] })
  t.strictSame(seam.join({ time: 7, guid: 'a' }, span(7)), { time: 7, guid: 'a', others: ['x'] })
  const others = ['z']
  const [one, two] = ['a', 'b'].map(guid => seam.join({ time: 7, guid, others }, span(7)))
  t.strictSame(one?.others, ['x', 'z'])
  t.equal(one?.others, two?.others, 'many cursors share one list')
})

t.test('a stretch without leads passes on what came in front of it', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), others: ['x'] })
  seam.done({ span: span(), others: ['y'] })
  t.equal(seam.join({ time: 9, other: 'x' }, span()), undefined)
  t.equal(seam.join({ time: 9, other: 'y' }, span()), undefined)
  seam.done({ span: span(9), others: undefined })
  t.match(seam.join({ time: 11, other: 'y' }, span()), { other: 'y' })
})
