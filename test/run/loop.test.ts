import t from 'tap'
import { peek } from '../../lib/operators/peek.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'

/** Keeps the processor busy for so many milliseconds. */
function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

t.test('run: an abort by a timer ends the run within a batch of slow steps', async t => {
  const boom = new Error('boom')
  const abort = new AbortController()
  const sink = toArray<number>({ max: 100 })
  setTimeout(() => abort.abort(boom), 1)
  // One batch, which takes 640 ms.
  const values = Array.from({ length: 64 }, (_, n) => n)
  const running = run(
    values,
    peek(() => spin(10)),
    sink,
    { signal: abort.signal },
  )
  t.equal(await failureOf(running), boom)
  t.ok(sink.records.length < 64, `${sink.records.length} records`)
})
