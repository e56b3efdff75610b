import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Queue } from '../../lib/async/Queue.ts'

t.test('Queue: gives what an array gives, whatever is pushed, shifted and cleared', async t => {
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.constant('push') },
    { weight: 5, arbitrary: fc.constant('shift') },
    { weight: 1, arbitrary: fc.constant('clear') },
  )
  const property = fc.property(fc.array(operation, { maxLength: 60 }), operations => {
    const queue = new Queue<number>()
    let expected: number[] = []
    for (const [n, operation] of operations.entries()) {
      if (operation === 'push') {
        queue.push(n)
        expected.push(n)
      } else if (operation === 'shift') assert.equal(queue.shift(), expected.shift())
      else {
        queue.clear()
        expected = []
      }
      assert.equal(queue.length, expected.length)
    }
  })
  t.doesNotThrow(() => fc.assert(property))
})
