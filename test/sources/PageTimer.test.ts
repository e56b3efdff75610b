import { once } from 'node:events'
import t from 'tap'
import { PageTimer } from '../../lib/sources/PageTimer.ts'
import { runProcess } from '../support/runProcess.ts'

/** Resolves when a timer with this limit, started now, has aborted. */
const afterTimer = (milliseconds: number) => once(new PageTimer(milliseconds).signal, 'abort')

t.test('PageTimer: it aborts with a TIMEOUT that names the option', async t => {
  const { signal } = new PageTimer(1)
  await once(signal, 'abort')
  t.match(signal.reason, {
    code: 'TIMEOUT',
    retryable: true,
    message: 'the page took too long (timeouts.page)',
  })
})

t.test('PageTimer: no time passes while it is paused, even if it is paused twice', async t => {
  const timer = new PageTimer(200)
  timer.pause()
  timer.pause()
  await afterTimer(250)
  t.notOk(timer.signal.aborted)
  timer.resume()
  await once(timer.signal, 'abort')
})

t.test('PageTimer: resume continues with the remaining time', async () => {
  const timer = new PageTimer(20)
  // If each resume started from 0, this loop would not end.
  while (!timer.signal.aborted) {
    await afterTimer(1)
    timer.pause()
    timer.resume()
  }
})

t.test('PageTimer: without a limit it never aborts, and does not keep the process alive', async t => {
  const timer = new PageTimer(undefined)
  timer.pause()
  timer.resume()
  t.notOk(timer.signal.aborted)
  const script = 'test/sources/fixtures/pageTimers.ts'
  const { code, stdout, stderr } = await runProcess(script, [])
  t.strictSame([code, stdout, stderr], [0, '', ''])
})
