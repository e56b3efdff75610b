import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { Lead } from '../../lib/index.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { Workplace } from '../support/Workplace.ts'

const sink = () => toArray({ max: 9 })
const boom = new Error('boom')
const failing = transform<number, number>(() => {
  throw boom
})

t.test('run: if a transform() cannot create its stream, those created before are destroyed', async t => {
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

t.test('run: if a transform() cannot create its stream, source and sink can be used again', async t => {
  const [source, target] = [Readable.from([1, 2]), sink()]
  t.match(await failureOf(run(source, failing, target)), { code: 'OPERATOR', cause: boom })
  await run(source, target)
  t.strictSame(target.records, [1, 2])
})

t.test('run: if a transform() cannot create its stream, a pipeline can use the sink', async t => {
  const path = join(t.testdir(), 'a.ndjson')
  const target = toFile(path)
  t.match(await failureOf(run([1], failing, target)), { code: 'OPERATOR', cause: boom })
  await pipeline([1, 2], target)
  t.equal(readFileSync(path, 'utf8'), '1\n2\n')
})

t.test('checkpoint: if a transform() cannot create its stream, the stages can be used again', async t => {
  const work = new Workplace(t)
  const { origin } = await serveLeads(t, [{ guid: 'a' }, { guid: 'b' }])
  const [source, target] = [leadsByOffset(openClient(t, origin)), toFile(work.file('out.ndjson'))]
  const failingOnLeads = transform<Lead, Lead>(() => {
    throw boom
  })
  const outcome = run(source, failingOnLeads, target, { checkpoint: work.checkpoint })
  t.match(await failureOf(outcome), { code: 'OPERATOR', cause: boom })
  t.strictSame(work.names, [])
  t.match(await run(source, target, { checkpoint: work.checkpoint }), { records: 2 })
})

t.test("run: a property of a user's source stream is not overwritten", async t => {
  const source = Object.assign(Readable.from([1]), { stage: 'mine' })
  await run(source, sink())
  t.equal(source.stage, 'mine')
})
