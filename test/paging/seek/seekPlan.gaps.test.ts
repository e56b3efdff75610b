import t from 'tap'
import { Gaps } from '../../../lib/paging/seek/seekPlan.ts'

const unlimited = Number.POSITIVE_INFINITY

t.test('Gaps: windows cover the list in sequence', async t => {
  const gaps = new Gaps({ time: 0 })
  t.match(gaps.take(10, 5), { from: { time: 0 }, end: 10, maxLeads: 5 })
  t.match(gaps.take(20, 5), { from: { time: 9 }, end: 20 })
  t.match(gaps.take(unlimited, 5), { from: { time: 19 }, end: unlimited })
  t.equal(gaps.first, undefined)
})

t.test('Gaps: the part that a window did not read is a gap again, in its place', async t => {
  const gaps = new Gaps({ time: 0 })
  const first = gaps.take(10, 5)
  gaps.take(20, 5)
  gaps.read(first, { time: 3 })
  t.strictSame(gaps.first, { time: 3 })
  t.match(gaps.take(unlimited, 5), { from: { time: 3 }, end: 10 }, 'the gap ends at the next window')
  t.match(gaps.take(unlimited, 5), { from: { time: 19 }, end: unlimited })
})

t.test('Gaps: if a tie ended a window, the part after it is a gap', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.read(gaps.take(10, 5), { time: 3 })
  t.match(gaps.take(8, 5), { from: { time: 3 }, end: 8 })
})

t.test('Gaps: the part after a window that was seen to be empty is not a gap', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.read(gaps.take(10, 5), { time: 49 })
  t.strictSame(gaps.first, { time: 49 })
  gaps.read(gaps.take(60, 5), { time: unlimited })
  t.equal(gaps.first, undefined)
})

t.test('Gaps: a part that is returned while its window is read is a gap', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.take(10, 5)
  gaps.add({ time: 5 }, 10)
  t.match(gaps.take(unlimited, 5), { from: { time: 5 }, end: 10 })
})
