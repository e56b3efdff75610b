import { getEventListeners } from 'node:events'
import t from 'tap'
import { onAbort } from '../../lib/async/onAbort.ts'

t.test('onAbort calls everyone who waits, once, and no one who ceased to', async t => {
  const controller = new AbortController()
  const { signal } = controller
  const calls: string[] = []
  onAbort(signal, () => calls.push('first'))
  const ceaseSecond = onAbort(signal, () => calls.push('second'))
  onAbort(signal, () => {
    calls.push('third')
    ceaseFourth()
  })
  const ceaseFourth = onAbort(signal, () => calls.push('fourth'))
  ceaseSecond()
  ceaseSecond()
  t.equal(getEventListeners(signal, 'abort').length, 1)
  controller.abort()
  t.strictSame(calls, ['first', 'third'])
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('onAbort takes its listener away with the last one, and puts it back for the next', async t => {
  const controller = new AbortController()
  const { signal } = controller
  const cease = onAbort(signal, () => t.fail('called'))
  cease()
  t.strictSame(getEventListeners(signal, 'abort'), [])
  let called = 0
  onAbort(signal, () => {
    called += 1
  })
  cease()
  controller.abort()
  t.equal(called, 1)
})
