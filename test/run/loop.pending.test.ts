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
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const boom = new Error('boom')
const never = () => new Promise<never>(() => {})
const sink = () => toArray({ max: 9 })

/** One value, and the next never comes. */
async function* pending() {
  yield 1
  await never()
}

/** A signal that aborts when the run is under way. */
function abortSoon(): AbortSignal {
  const controller = new AbortController()
  void turns(20).then(() => controller.abort(boom))
  return controller.signal
}

/** A stream that never says that it has let go of what it held, when it is destroyed before its end. */
function stuck<T extends Readable | Writable>(stream: T): T {
  const own = stream as { _destroy: Writable['_destroy'] }
  own._destroy = (_error, callback) => {
    if ((stream as Partial<Writable>).writableFinished) callback()
  }
  return stream
}

t.test('an abort does not wait for a generator whose next value never comes', async t => {
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

t.test('a failure does not wait for a generator whose next value never comes', async t => {
  const failing = new Writable({ objectMode: true, write: (_v, _e, callback) => callback(boom) })
  t.match(await failureOf(run(pending(), failing)), { code: 'SINK', cause: boom })
  const throwing = map(() => {
    throw boom
  })
  t.match(await failureOf(run(pending(), throwing, sink())), { code: 'OPERATOR', cause: boom })
})

t.test('an early end does not wait for a generator whose next value never comes', async t => {
  t.match(await run(pending(), take(1), sink()), { leads: 1, records: 1 })
})

t.test("an abort does not wait for a user's stream that never lets go, in any place", async t => {
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

t.test("with a checkpoint, a failure does not wait for a user's stream that never lets go", async t => {
  const portal = await createPortal({ leads: 3 })
  t.teardown(() => portal.close())
  const work = new Workplace(t)
  const failing = run(
    leads(openClient(t, portal.origin, { accessToken: portal.accessToken })),
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
const aside = (quarantine: Writable) => validate({ onInvalid: 'quarantine', quarantine })
const mute = (highWaterMark: number) => new Writable({ objectMode: true, highWaterMark, write() {} })

t.test('an abort does not wait for a quarantine that never takes what it is given', async t => {
  for (const quarantine of [mute(1), mute(99)]) {
    t.equal(await failureOf(run(invalid, aside(quarantine), sink(), { signal: abortSoon() })), boom)
    t.ok(quarantine.writableEnded)
  }
})

t.test('nor for one that never comes to its end', async t => {
  const quarantine = new Writable({
    objectMode: true,
    write: (_record, _encoding, callback) => callback(),
    final() {},
  })
  t.equal(await failureOf(run(invalid, aside(quarantine), sink(), { signal: abortSoon() })), boom)
})

t.test('a failure does not wait for a quarantine that never takes what it is given', async t => {
  const throwing = map(() => {
    throw boom
  })
  const failing = run([...invalid, { guid: 'a' }], aside(mute(99)), throwing, sink())
  t.match(await failureOf(failing), { code: 'OPERATOR', cause: boom })
})
