import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { validate } from '../../../lib/operators/validate.ts'
import { run } from '../../../lib/run/run.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { failureOf } from '../../support/failureOf.ts'
import { turns } from '../../support/turns.ts'

const invalid = [{ no: 'guid' }, { no: 'guid' }, { no: 'guid' }, { no: 'guid' }]
const sink = () => toArray({ max: 9 })
const aside = (quarantine: Writable) => validate({ onInvalid: 'quarantine', quarantine })

/** Does something to itself with the first record, and never calls back. */
function closing(act: (own: Writable) => void, highWaterMark: number): Writable {
  const own: Writable = new Writable({
    objectMode: true,
    highWaterMark,
    write: () => act(own),
  })
  return own
}

const closed = {
  code: 'OPERATOR',
  message: 'validate: the quarantine was closed before its end',
  cause: { code: 'ERR_STREAM_PREMATURE_CLOSE' },
}

for (const highWaterMark of [1, 2, 99]) {
  t.test(`one that is closed by its first record fails the run, with room for ${highWaterMark}`, async t => {
    t.match(
      await failureOf(run(invalid, aside(closing(own => own.destroy(), highWaterMark)), sink())),
      closed,
    )
    t.match(
      await failureOf(
        run(invalid, aside(closing(own => void turns(2).then(() => own.destroy()), highWaterMark)), sink()),
      ),
      // With room for all, nothing is written behind the close: what is told is that it did not come to its end.
      highWaterMark === 99 ? { code: 'SINK', message: /^the quarantine failed: / } : closed,
    )
  })
}

t.test('one that was closed or ended before the run fails it at once', async t => {
  for (const quarantine of [
    new Writable({ objectMode: true }).destroy(),
    new Writable({ objectMode: true, write: (_r, _e, callback) => callback() }).end(),
  ]) {
    await turns(2)
    t.match(await failureOf(run(invalid, aside(quarantine), sink())), closed)
  }
})

t.test('one that is ended meanwhile takes no more: the run fails', async t => {
  const own: Writable = new Writable({
    objectMode: true,
    write(_record, _encoding, callback) {
      own.end()
      callback()
    },
  })
  t.match(await failureOf(run(invalid, aside(own), sink())), closed)
})

t.test('in a plain pipeline, too', async t => {
  for (const highWaterMark of [1, 99]) {
    const own = closing(own => own.destroy(), highWaterMark)
    t.match(await failureOf(pipeline(invalid, aside(own), sink())), closed)
  }
})
