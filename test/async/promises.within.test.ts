import t from 'tap'
import { deferred, within } from '../../lib/async/promises.ts'
import { noted } from '../support/noted.ts'
import { turns } from '../support/turns.ts'

const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

t.test('within tells that work was settled in time, however it was, and leaves no timer', async t => {
  const unhandled = noted(t, 'unhandledRejection')
  const before = timers()
  t.equal(await within(60_000, Promise.resolve(1)), true)
  t.equal(await within(60_000, Promise.reject(new Error('no'))), true)
  t.equal(timers(), before)
  await turns(3)
  t.strictSame(unhandled, [])
})

t.test('within resolves when the time is over, and what comes then is no unhandled rejection', async t => {
  const unhandled = noted(t, 'unhandledRejection')
  const never = deferred<void>()
  t.equal(await within(1, never.promise), false)
  never.reject(new Error('late'))
  await turns(3)
  t.strictSame(unhandled, [])
})
