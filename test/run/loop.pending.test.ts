import { PassThrough, Readable, Writable } from 'node:stream'
import t from 'tap'
import { map } from '../../lib/operators/map.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const boom = new Error('boom')
const never = () => new Promise<never>(() => {})
const sink = () => toArray({ max: 9 })

/** Emits one value; the next one never arrives. */
async function* pending() {
  yield 1
  await never()
}

/** A signal that aborts while the run is running. */
function abortSoon(): AbortSignal {
  const controller = new AbortController()
  void turns(20).then(() => controller.abort(boom))
  return controller.signal
}

/** Makes a stream never close if it is destroyed before its end. */
function stuck<T extends Readable | Writable>(stream: T): T {
  const own = stream as { _destroy: Writable['_destroy'] }
  own._destroy = (_error, callback) => {
    if ((stream as Partial<Writable>).writableFinished) callback()
  }
  return stream
}

t.test('run: an abort does not wait for a generator whose next() never settles', async t => {
  t.equal(await failureOf(run(pending(), sink(), { signal: abortSoon() })), boom)
  t.equal(
    await failureOf(
      run(
        pending(),
        map(n => n),
        sink(),
        { signal: abortSoon() },
      ),
    ),
    boom,
  )
})

t.test('run: a failure does not wait for a generator whose next() never settles', async t => {
  const failing = new Writable({ objectMode: true, write: (_v, _e, callback) => callback(boom) })
  t.match(await failureOf(run(pending(), failing)), { code: 'SINK', cause: boom })
  const throwing = map(() => {
    throw boom
  })
  t.match(await failureOf(run(pending(), throwing, sink())), { code: 'OPERATOR', cause: boom })
})

t.test('run: an early end does not wait for a generator whose next() never settles', async t => {
  t.match(await run(pending(), take(1), sink()), { read: 1, records: 1 })
})

/** A map() whose first call ends in a later turn, and whose other calls never settle. */
function calling() {
  const signals: AbortSignal[] = []
  const operator = map(
    (n: number, { signal }) => {
      signals.push(signal)
      return n === 1 ? turns(3).then(() => n) : never()
    },
    { concurrency: 4 },
  )
  const areAborted = () => signals.map(signal => signal.aborted)
  return { operator, areAborted }
}

t.test('run: its end aborts calls of map() that never settle, and does not wait for them', async t => {
  const early = calling()
  t.match(await run([1, 2, 3], early.operator, take(1), sink()), { records: 1 })
  t.strictSame(early.areAborted(), [false, true, true], 'an early end')

  const aborted = calling()
  t.equal(await failureOf(run([1, 2, 3], aborted.operator, sink(), { signal: abortSoon() })), boom)
  t.strictSame(aborted.areAborted(), [false, true, true], 'an abort')

  const failed = calling()
  const failing = new Writable({ objectMode: true, write: (_value, _encoding, callback) => callback(boom) })
  t.match(await failureOf(run([1, 2, 3], failed.operator, failing)), { code: 'SINK', cause: boom })
  t.strictSame(failed.areAborted(), [false, true, true], 'a failure of the sink')
})

t.test("run: an abort does not wait for a user's stream that never closes, in any position", async t => {
  const through = () => stuck(new PassThrough({ objectMode: true }))
  const silent = () => stuck(new Readable({ objectMode: true, read() {} }))
  const blocked = () => stuck(new Writable({ objectMode: true, write() {} }))
  const anyRun = run as (...stages: unknown[]) => Promise<unknown>
  for (const stages of [
    [silent(), sink()],
    [pending(), transform(through), sink()],
    [pending(), blocked()],
    [silent(), transform(through), blocked()],
  ]) {
    t.equal(await failureOf(anyRun(...stages, { signal: abortSoon() })), boom)
  }
})

t.test("checkpoint: a failure does not wait for a user's stream that never closes", async t => {
  const portal = await createPortal({ leads: 3 })
  t.teardown(() => portal.close())
  const work = new Workplace(t)
  const failing = run(
    leads(portalClient(t, portal)),
    transform<unknown, unknown>(() => stuck(new PassThrough({ objectMode: true }))),
    map(() => {
      throw boom
    }),
    toFile(work.file('out.ndjson')),
    { checkpoint: work.checkpoint },
  )
  t.match(await failureOf(failing), { code: 'OPERATOR', cause: boom })
})

const invalid = [{ no: 'guid' }, { no: 'guid' }, { no: 'guid' }]
const quarantining = (quarantine: Writable) => validate({ onInvalid: 'quarantine', quarantine })
const neverWriting = (highWaterMark: number) => new Writable({ objectMode: true, highWaterMark, write() {} })

t.test('run: an abort does not wait for a quarantine whose write() never calls back', async t => {
  for (const quarantine of [neverWriting(1), neverWriting(99)]) {
    t.equal(await failureOf(run(invalid, quarantining(quarantine), sink(), { signal: abortSoon() })), boom)
    t.ok(quarantine.writableEnded)
  }
})

t.test('run: an abort does not wait for a quarantine that never finishes', async t => {
  const quarantine = new Writable({
    objectMode: true,
    write: (_record, _encoding, callback) => callback(),
    final() {},
  })
  t.equal(await failureOf(run(invalid, quarantining(quarantine), sink(), { signal: abortSoon() })), boom)
})

t.test('run: a failure does not wait for a quarantine whose write() never calls back', async t => {
  const throwing = map(() => {
    throw boom
  })
  const failing = run([...invalid, { guid: 'a' }], quarantining(neverWriting(99)), throwing, sink())
  t.match(await failureOf(failing), { code: 'OPERATOR', cause: boom })
})
