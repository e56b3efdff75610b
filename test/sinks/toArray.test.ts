import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { LeadpipeError } from '../../lib/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { sinkStage } from '../../lib/streams/attachSink.ts'
import { failureOf } from '../support/failureOf.ts'

t.test('toArray: it holds the records themselves, up to max', async t => {
  const values = [{ n: 1 }, 'text', 0]
  const sink = toArray({ max: 3 })
  const report = await run(values, sink)
  t.strictSame(sink.records, values)
  t.equal(sink.records[0], values[0])
  t.match(report, { records: 3, sink: { received: 3, acknowledged: 3, bytes: 0 } })
})

t.test('toArray: one record more than max is a SINK error; the records before it are kept', async t => {
  for (const through of [
    (sink: ReturnType<typeof toArray>) => run([1, 2, 3, 4], sink),
    (sink: ReturnType<typeof toArray>) => pipeline(Readable.from([1, 2, 3, 4]), sink),
  ]) {
    const sink = toArray({ max: 2 })
    const failure = (await failureOf(through(sink))) as LeadpipeError
    t.match(failure, {
      code: 'SINK',
      message:
        'toArray() takes at most 2 records, received one more; set max to a higher number, or write to a file',
      context: { max: 2 },
    })
    t.strictSame(sink.records, [1, 2])
    t.strictSame(sink.counts, { received: 3, acknowledged: 2, bytes: 0 })
  }
})

t.test('toArray: a missing or wrong max is an OPTION error', async t => {
  for (const [options, message] of [
    [undefined, 'toArray(): max: expected an integer, 1 or more (records), received undefined'],
    [{}, 'toArray(): max: expected an integer, 1 or more (records), received undefined'],
    [{ max: 0 }, 'toArray(): max: expected an integer, 1 or more (records), received 0'],
    [{ max: 1.5 }, 'toArray(): max: expected an integer, 1 or more (records), received 1.5'],
    [{ max: Number.POSITIVE_INFINITY }, /received Infinity/],
    [{ max: '9' }, "toArray(): max: expected an integer, 1 or more (records), received '9'"],
    [{ max: 9, limit: 9 }, 'toArray(): unknown option "limit"; expected one of max'],
    [9, 'toArray(): options: expected an object, received 9'],
  ]) {
    t.throws(() => toArray(options as never), { code: 'OPTION', message })
  }
})

t.test('toArray: it has no fingerprint, so a run to it cannot be resumed', async t => {
  t.equal(sinkStage(toArray({ max: 1 })).fingerprint, undefined)
})
