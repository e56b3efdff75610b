import { once } from 'node:events'
import t from 'tap'
import { PageTimer } from '../../lib/sources/PageTimer.ts'
import { runProcess } from '../support/runProcess.ts'

/** Resolves when a timer with that limit, begun now, has run out. */
const runOut = (milliseconds: number) => once(new PageTimer(milliseconds).signal, 'abort')

t.test('it aborts with a TIMEOUT that names the option', async t => {
  const { signal } = new PageTimer(1)
  await once(signal, 'abort')
  t.match(signal.reason, {
    code: 'TIMEOUT',
    retryable: true,
    message: 'the page took too long (timeouts.page)',
  })
})

t.test('while it stands still, no time passes, however often it is stopped', async t => {
  const timer = new PageTimer(200)
  timer.pause()
  timer.pause()
  await runOut(250)
  t.notOk(timer.signal.aborted)
  timer.resume()
  await once(timer.signal, 'abort')
})

t.test('what has passed is not given back', async () => {
  const timer = new PageTimer(20)
  // It would go on for ever, if each began anew.
  while (!timer.signal.aborted) {
    await runOut(1)
    timer.pause()
    timer.resume()
  }
})

t.test('without a limit it never aborts, and keeps no process alive', async t => {
  const timer = new PageTimer(undefined)
  timer.pause()
  timer.resume()
  t.notOk(timer.signal.aborted)
  const script = 'test/sources/fixtures/pageTimers.ts'
  const { code, stdout, stderr } = await runProcess(script, [])
  t.strictSame([code, stdout, stderr], [0, '', ''])
})
