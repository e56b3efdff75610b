import { getEventListeners } from 'node:events'
import t from 'tap'
import { onAbort } from '../../lib/async/onAbort.ts'

t.test('onAbort calls every callback once, and none that was removed', async t => {
  const controller = new AbortController()
  const { signal } = controller
  const calls: string[] = []
  onAbort(signal, () => calls.push('first'))
  const removeSecond = onAbort(signal, () => calls.push('second'))
  onAbort(signal, () => {
    calls.push('third')
    removeFourth()
  })
  const removeFourth = onAbort(signal, () => calls.push('fourth'))
  removeSecond()
  removeSecond()
  t.equal(getEventListeners(signal, 'abort').length, 1)
  controller.abort()
  t.strictSame(calls, ['first', 'third'])
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('onAbort removes its listener with the last callback, and adds it again for the next', async t => {
  const controller = new AbortController()
  const { signal } = controller
  const remove = onAbort(signal, () => t.fail('called'))
  remove()
  t.strictSame(getEventListeners(signal, 'abort'), [])
  let called = 0
  onAbort(signal, () => {
    called += 1
  })
  remove()
  controller.abort()
  t.equal(called, 1)
})
