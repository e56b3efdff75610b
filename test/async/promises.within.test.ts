import t from 'tap'
import { deferred, within } from '../../lib/async/promises.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'

const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

t.test(
  'within resolves to true if the work settles in time, even if it fails, and leaves no timer',
  async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    const before = timers()
    t.equal(await within(60_000, Promise.resolve(1)), true)
    t.equal(await within(60_000, Promise.reject(new Error('no'))), true)
    t.equal(timers(), before)
    await turns(3)
    t.strictSame(unhandled, [])
  },
)

t.test(
  'within resolves to false after the time limit, and a later failure is not an unhandled rejection',
  async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    const never = deferred<void>()
    t.equal(await within(1, never.promise), false)
    never.reject(new Error('late'))
    await turns(3)
    t.strictSame(unhandled, [])
  },
)
