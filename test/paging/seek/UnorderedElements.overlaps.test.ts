import t from 'tap'
import { OverlapFilter } from '../../../lib/paging/seek/UnorderedElements.ts'

const span = (first?: number) => ({ first, last: 0, leads: 0, spread: 0 })

t.test(
  'OverlapFilter: an element that arrived with the stretch before is dropped, up to the first time of the next',
  async t => {
    const seam = new OverlapFilter()
    t.match(seam.join({ time: 5, other: 'x' }, span(7)), { time: 5, other: 'x' }, 'no stretch is before it')
    seam.done({ span: span(3), others: ['x', 'y'] })
    t.equal(seam.join({ time: 5, other: 'x' }, span(7)), undefined)
    t.equal(seam.join({ time: 7, other: 'y', others: ['y'] }, span(7)), undefined)
    const later = { time: 8, other: 'x', others: ['x'] }
    t.equal(seam.join(later, span(7)), later, 'an element after the first time is kept')
  },
)

t.test('OverlapFilter: cursors up to the first time hold the elements of the stretch before', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), others: ['x'] })
  t.strictSame(seam.join({ time: 7, guid: 'a' }, span(7)), { time: 7, guid: 'a', others: ['x'] })
  const others = ['z']
  const [one, two] = ['a', 'b'].map(guid => seam.join({ time: 7, guid, others }, span(7)))
  t.strictSame(one?.others, ['x', 'z'])
  t.equal(one?.others, two?.others, 'many cursors share one list')
})

t.test('OverlapFilter: a stretch without leads passes on the elements of the stretch before', async t => {
  const seam = new OverlapFilter()
  seam.done({ span: span(3), others: ['x'] })
  seam.done({ span: span(), others: ['y'] })
  t.equal(seam.join({ time: 9, other: 'x' }, span()), undefined)
  t.equal(seam.join({ time: 9, other: 'y' }, span()), undefined)
  seam.done({ span: span(9), others: undefined })
  t.match(seam.join({ time: 11, other: 'y' }, span()), { other: 'y' })
})
