import t from 'tap'
import { Gaps } from '../../../lib/paging/seek/seekPlan.ts'

const none = Number.POSITIVE_INFINITY

t.test('windows cover the list one behind the other', async t => {
  const gaps = new Gaps({ time: 0 })
  t.match(gaps.take(10, 5), { from: { time: 0 }, end: 10, maxLeads: 5 })
  t.match(gaps.take(20, 5), { from: { time: 9 }, end: 20 })
  t.match(gaps.take(none, 5), { from: { time: 19 }, end: none })
  t.equal(gaps.first, undefined)
})

t.test('what a window did not come to is a gap again, in its place', async t => {
  const gaps = new Gaps({ time: 0 })
  const first = gaps.take(10, 5)
  gaps.take(20, 5)
  gaps.read(first, { time: 3 })
  t.strictSame(gaps.first, { time: 3 })
  t.match(gaps.take(none, 5), { from: { time: 3 }, end: 10 }, 'as far as the next window')
  t.match(gaps.take(none, 5), { from: { time: 19 }, end: none })
})

t.test('where a tie ended a window, what stands behind it is not known to be handed on', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.read(gaps.take(10, 5), { time: 3 })
  t.match(gaps.take(8, 5), { from: { time: 3 }, end: 8 })
})

t.test('what a window saw to be empty behind its end is no gap any more', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.read(gaps.take(10, 5), { time: 49 })
  t.strictSame(gaps.first, { time: 49 })
  gaps.read(gaps.take(60, 5), { time: none })
  t.equal(gaps.first, undefined)
})

t.test('what is given back while a window is read is a gap', async t => {
  const gaps = new Gaps({ time: 0 })
  gaps.take(10, 5)
  gaps.add({ time: 5 }, 10)
  t.match(gaps.take(none, 5), { from: { time: 5 }, end: 10 })
})
