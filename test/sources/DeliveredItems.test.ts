import t from 'tap'
import { DeliveredItems } from '../../lib/sources/DeliveredItems.ts'
import { noChanges } from '../../lib/stage/Changes.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

const rejected = new Rejected('malformed', 'it is not valid JSON', 'tru', { page: 1, element: 0, byte: 0 })
const item = (value: string | Rejected, cursor: number) => ({ value, cursor })
const batch = { items: [item('a', 1), item(rejected, 2), item('b', 3)], bytes: 9 }

/** After four records, of which the last has the cursor 0. */
function open() {
  const counts = { delivered: 0, rejected: 0, ...noChanges() }
  return {
    counts,
    delivered: new DeliveredItems<string, number>(counts, { cursor: 0, delivered: 4 }, place => place),
  }
}

t.test(
  'DeliveredItems: each item is counted once when it is delivered, records and rejected elements separately',
  t => {
    const { counts, delivered } = open()
    const given = delivered.emit(batch)
    t.strictSame([...given.items], ['a', rejected, 'b'])
    t.strictSame(delivered.progress, { cursor: 0, delivered: 4 })
    delivered.deliver(given, 2)
    delivered.deliver(given, 1)
    t.match(counts, { delivered: 1, rejected: 1 })
    t.strictSame(delivered.progress, { cursor: 2, delivered: 5 })
    delivered.deliver(given, 99)
    t.match(counts, { delivered: 2, rejected: 1 })
    t.end()
  },
)

t.test('DeliveredItems: a request for the next batch delivers the whole batch before', t => {
  const { counts, delivered } = open()
  const first = delivered.emit(batch)
  const second = delivered.emit({ items: [item('c', 4)], bytes: 1 })
  t.match(counts, { delivered: 2, rejected: 1 })
  delivered.deliver(first, 1)
  t.match(counts, { delivered: 2, rejected: 1 }, 'an item of an earlier batch is not counted again')
  delivered.deliver(second, 1)
  t.strictSame(delivered.progress, { cursor: 4, delivered: 7 })
  t.end()
})

t.test('DeliveredItems: the position after any item of a batch is available at any time', t => {
  const { delivered } = open()
  const given = delivered.emit(batch)
  const positions = [0, 1, 2, 3].map(taken => given.positionAfter(taken))
  const expected = [
    { cursor: 0, delivered: 4 },
    { cursor: 1, delivered: 5 },
    { cursor: 2, delivered: 5 },
    { cursor: 3, delivered: 6 },
  ]
  t.strictSame(positions, expected)
  delivered.emit()
  t.strictSame(given.positionAfter(2), expected[2])
  t.end()
})

t.test('DeliveredItems: dropped items do not count as delivered', t => {
  const { counts, delivered } = open()
  const given = delivered.emit(batch)
  delivered.deliver(given, 1)
  t.equal(delivered.drop(), 2)
  delivered.finish()
  t.equal(delivered.drop(), 0)
  t.match(counts, { delivered: 1, rejected: 0 })
  t.end()
})

t.test('DeliveredItems: the changes of an item are added once, when it is delivered', t => {
  const { counts, delivered } = open()
  const changes = { replacedCharacters: 2, repeatedKeys: 1, roundedNumbers: 3, textNumbers: 4 }
  const given = delivered.emit({
    items: [item('a', 1), { ...item('b', 2), changes }, item('c', 3)],
    bytes: 3,
  })
  t.match(counts, noChanges())
  delivered.deliver(given, 1)
  t.match(counts, noChanges())
  delivered.deliver(given, 2)
  delivered.deliver(given, 3)
  t.match(counts, changes)
  delivered.emit({ items: [{ ...item('d', 4), changes }], bytes: 1 })
  delivered.drop()
  delivered.emit()
  t.match(counts, changes, 'an item that is dropped changes nothing')
  t.end()
})
