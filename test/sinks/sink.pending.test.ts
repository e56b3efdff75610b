import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { run, type SinkUse, sink, source, toArray, validate } from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Numbered, numbered } from '../support/numbered.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const boom = new Error('boom')
/** Called when a function of a sink hangs. */
let reached = () => {}
const never = () => {
  reached()
  return new Promise<never>(() => {})
}
const records = (count: number) =>
  source<Numbered>('numbers', () => [{ records: numbered(count), position: 1 }])

/**
 * Aborts a run when its sink hangs. Returns how many times ten seconds had to pass before the run rejected with the
 * reason; or, if `ends` is given, before `end` of the sink was called, since unlocking files takes turns, too.
 */
async function abortHanging(
  t: Test,
  start: (signal: AbortSignal) => Promise<unknown>,
  ends?: readonly unknown[],
): Promise<number> {
  const abort = new AbortController()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  let isOver = false
  const hangs = new Promise<void>(resolve => {
    reached = resolve
  })
  const outcome = failureOf(start(abort.signal)).finally(() => {
    isOver = true
  })
  await hangs
  abort.abort(boom)
  await turns(200)
  let waits = 0
  const isEnded = () => (ends === undefined ? isOver : ends.length > 0)
  for (; !isEnded() && waits < 10; waits += 1) {
    mock.timers.tick(10_000)
    await turns(200)
  }
  t.equal(await outcome, boom)
  mock.timers.reset()
  return waits
}

t.test('sink: an abort ends a run whose sink hangs in any function, without a checkpoint', async t => {
  for (const name of ['write', 'flush', 'prepare']) {
    const ends: unknown[] = []
    const stuck = sink<Numbered>('stuck', () => ({
      write() {},
      end: how => ends.push(how),
      [name]: never,
    }))
    const waits = await abortHanging(t, signal => run(records(3), stuck, { signal }))
    t.equal(waits, 1, name)
    t.strictSame(ends, ['discard'], `${name}: end is called, although the call has not settled`)
  }
})

t.test('sink: an abort ends a run whose sink hangs while a checkpoint is saved', async t => {
  const work = new Workplace(t)
  for (const name of ['write', 'flush'] as const) {
    const ends: unknown[] = []
    const parts: SinkUse<Numbered> = { write() {}, flush() {}, end: how => ends.push(how), [name]: never }
    const waits = await abortHanging(
      t,
      signal =>
        run(
          records(3),
          sink<Numbered>('stuck', () => parts),
          { signal, checkpoint: work.checkpoint },
        ),
      ends,
    )
    t.equal(waits, 2, `${name}: the save, and then the call in progress, get ten seconds`)
    t.strictSame(ends, ['leave'], name)
    work.clear()
  }
})

t.test('sink: an abort ends a run whose sink does not open; one that opens later is ended', async t => {
  const ends: unknown[] = []
  let open = (_use: SinkUse<Numbered>) => {}
  const late = sink<Numbered>('late', () => {
    reached()
    return new Promise<SinkUse<Numbered>>(resolve => {
      open = resolve
    })
  })
  t.equal(await abortHanging(t, signal => run(records(3), late, { signal })), 1)
  t.strictSame(ends, [])
  open({ write: never, end: how => ends.push(how) })
  await turns(3)
  t.strictSame(ends, ['discard'])
})

t.test('sink: an abort ends a run whose sink does not end', async t => {
  const endless = sink<Numbered>('endless', () => ({ write: never, end: never }))
  t.equal(await abortHanging(t, signal => run(records(3), endless, { signal })), 2)
})

t.test('sink: a call that settles when the signal aborts is not waited for any longer', async t => {
  const ends: unknown[] = []
  const polite = sink<Numbered>('polite', ({ signal }) => ({
    write() {
      reached()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
    end: how => ends.push(how),
  }))
  t.equal(await abortHanging(t, signal => run(records(3), polite, { signal })), 0)
  t.strictSame(ends, ['discard'])
})

t.test('sink: an abort ends a run whose quarantine hangs', async t => {
  const quarantine = sink<unknown>('stuck', () => ({ write: never }))
  const quarantining = validate({ onInvalid: 'quarantine', quarantine })
  const waits = await abortHanging(t, signal =>
    run([{ no: 'guid' }, { no: 'guid' }], quarantining, toArray({ max: 9 }), { signal }),
  )
  t.ok(waits <= 3, `${waits} times ten seconds`)
})

t.test('sink: a destroyed stream closes although a write hangs', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const stuck = sink<Numbered>('stuck', () => ({ write: never }))
  stuck.write({ n: 0 })
  await turns(5)
  stuck.destroy()
  let isClosed = false
  stuck.once('close', () => {
    isClosed = true
  })
  await turns(5)
  mock.timers.tick(10_000)
  await turns(5)
  t.ok(isClosed)
})
