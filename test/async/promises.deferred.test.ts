import t from 'tap'
import { deferred } from '../../lib/async/promises.ts'
import { failureOf } from '../support/failureOf.ts'

t.test('deferred settles once: later calls of resolve and reject have no effect', async t => {
  const resolved = deferred<number>()
  resolved.resolve(1)
  resolved.resolve(2)
  resolved.reject(new Error('late'))
  t.equal(await resolved.promise, 1)
  const reason = new Error('no')
  const rejected = deferred()
  rejected.reject(reason)
  rejected.resolve()
  t.equal(await failureOf(rejected.promise), reason)
})

t.test('deferred follows a promise that it is resolved with', async t => {
  const outer = deferred<number>()
  const inner = deferred<number>()
  outer.resolve(inner.promise)
  inner.resolve(3)
  t.equal(await outer.promise, 3)
})
