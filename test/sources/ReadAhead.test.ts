import t from 'tap'
import { PageBudget, ReadAhead } from '../../lib/sources/ReadAhead.ts'

/** A ReadAhead that has measured a page of 100,000 bytes. */
function budget(most: number) {
  let changes = 0
  const ahead = new ReadAhead(most, () => {
    changes += 1
  })
  ahead.measure(100_000)
  return { ahead, changes: () => changes }
}

t.test('ReadAhead: as many pages are booked as fit, and at least one', t => {
  const { ahead } = budget(250_000)
  t.equal(ahead.pages, 2.5)
  t.strictSame([ahead.reserve(), ahead.reserve(), ahead.reserve()], [100_000, 100_000, 0])
  const { ahead: small } = budget(10)
  t.strictSame([small.reserve(), small.reserve()], [100_000, 0])
  t.end()
})

t.test(
  'ReadAhead: a booking has the size of the largest page so far, and nearly empty pages are ignored',
  t => {
    const ahead = new ReadAhead(1_000_000, () => {})
    ahead.measure(2)
    t.equal(ahead.reserve(), 32_768)
    ahead.measure(50_000)
    ahead.measure(40_000)
    t.equal(ahead.reserve(), 50_000)
    t.end()
  },
)

t.test(
  'PageBudget: the bytes of a page are taken from its booking, and close() returns those that no batch has',
  t => {
    const { ahead, changes } = budget(200_000)
    const room = new PageBudget(ahead, ahead.reserve())
    room.received(60_000)
    room.batched(50_000)
    t.equal(ahead.reserve(), 100_000, 'the booking of the open page is still held')
    ahead.release(100_000)
    t.equal(room.close(), 10_000)
    t.equal(changes(), 2)
    ahead.release(10_000)
    ahead.release(50_000)
    t.strictSame([ahead.reserve(), ahead.reserve()], [100_000, 100_000], 'nothing is held after the close')
    t.end()
  },
)

t.test('PageBudget: a page is too large if it takes more than half of readAheadBytes', t => {
  const { ahead } = budget(400_000)
  const room = new PageBudget(ahead, ahead.reserve())
  room.received(200_000)
  t.notOk(room.isTooLarge)
  room.received(200_001)
  t.ok(room.isTooLarge)
  t.end()
})

t.test(
  'PageBudget: a page beyond its booking is too large if all pages exceed readAheadBytes by more than a page',
  t => {
    const { ahead } = budget(250_000)
    const [one, other] = [new PageBudget(ahead, ahead.reserve()), new PageBudget(ahead, ahead.reserve())]
    one.received(125_000)
    t.notOk(one.isTooLarge)
    ahead.add(100_000)
    other.received(125_000)
    t.notOk(other.isTooLarge, '350,000 bytes exceed the limit by exactly a page')
    ahead.add(1)
    t.ok(one.isTooLarge)
    t.end()
  },
)
