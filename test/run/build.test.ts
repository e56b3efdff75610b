import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'

const sink = () => toArray({ max: 9 })
const boom = new Error('boom')
const failing = transform<number, number>(() => {
  throw boom
})

t.test("when a stream can't be made, those made before it are destroyed", async t => {
  const made: PassThrough[] = []
  const making = transform<number, number>(() => {
    const stream = new PassThrough({ objectMode: true })
    made.push(stream)
    return stream
  })
  t.match(await failureOf(run([1], making, failing, sink())), { code: 'OPERATOR', cause: boom })
  t.strictSame(
    made.map(stream => stream.destroyed),
    [true],
  )
})

t.test("a field of a user's own source is the user's, whatever its name", async t => {
  const source = Object.assign(Readable.from([1]), { handing: 'mine' })
  await run(source, sink())
  t.equal(source.handing, 'mine')
})
