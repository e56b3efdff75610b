import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Duplex, PassThrough, Readable } from 'node:stream'
import t from 'tap'
import type { Lead } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

const anyRun = run as (...stages: unknown[]) => Promise<unknown>
const sink = () => toArray({ max: 9 })
const keepAll = () => filter(() => true)

const source = 'run(): source: expected leads(), a Readable or an iterable, received'
const last = 'run(): sink: expected a sink as the last stage, such as toFile(path), received'
const hint = '; wrap a stream of your own in transform(() => stream)'

const anew = 'create a new one for each run'

const wrong: Record<string, { given: () => unknown[]; message: string | RegExp }> = {
  nothing: { given: () => [], message: `${source} undefined` },
  'a sink alone': { given: () => [sink()], message: `${source} a stream (ArraySink)` },
  'a sink first': { given: () => [sink(), sink()], message: `${source} a stream (ArraySink)` },
  'an operator first': { given: () => [keepAll(), sink()], message: `${source} the operator filter` },
  'text as the source': { given: () => ['leads', sink()], message: `${source} 'leads'` },
  'a client as the source': { given: () => [{ origin: 'x' }, sink()], message: `${source} { origin: 'x' }` },
  'null as the source': { given: () => [null, sink()], message: `${source} null` },
  'a source alone': { given: () => [Readable.from([])], message: `${last} undefined` },
  'an array alone': { given: () => [[1, 2]], message: `${last} undefined` },
  'no sink': { given: () => [[1], keepAll()], message: `${last} the operator filter` },
  'no sink, with options': {
    given: () => [[1], keepAll(), { signal: undefined }],
    message: `${last} the operator`,
  },
  'a path as the sink': { given: () => [[1], 'leads.ndjson'], message: `${last} 'leads.ndjson'` },
  'a path as the sink, after an operator': {
    given: () => [[1], keepAll(), 'leads.ndjson'],
    message: `${last} the operator filter`,
  },
  'a composed operator as the sink': {
    given: () => [
      [1],
      compose(
        keepAll(),
        map(value => value),
      ),
    ],
    message: `${last} the operator filter + map`,
  },
  'a Readable as the sink': { given: () => [[1], Readable.from([])], message: `${last} a stream (Readable)` },
  'a Transform in the middle': {
    given: () => [[1], new PassThrough(), sink()],
    message: `run(): argument 2: expected an operator, received a stream (PassThrough)${hint}`,
  },
  'a sink in the middle': {
    given: () => [[1], keepAll(), sink(), sink()],
    message: 'run(): argument 3: expected an operator, received a stream (ArraySink)',
  },
  'a function in the middle': {
    given: () => [[1], (value: unknown) => value, sink()],
    message: 'run(): argument 2: expected an operator, received [Function (anonymous)]',
  },
  'operators in an array': {
    given: () => [[1], [keepAll()], sink()],
    message: /^run\(\): argument 2: expected an operator, received \[/,
  },
  'options in the middle': {
    given: () => [[1], { progressInterval: 100 }, sink()],
    message: 'run(): argument 2: expected an operator, received { progressInterval: 100 }',
  },
  'options that are not an object': {
    given: () => [[1], sink(), 'quiet'],
    message: "run(): options: expected an object, received 'quiet'",
  },
  'null for options': {
    given: () => [[1], sink(), null],
    message: 'run(): options: expected an object, received null',
  },
  'an unknown option': {
    given: () => [[1], sink(), { retries: 'file' }],
    message:
      'run(): unknown option "retries"; expected one of checkpoint, reconcile, signal, onProgress, progressInterval',
  },
  'an option of leads()': {
    given: () => [[1], sink(), { limit: 5 }],
    message: 'run(): unknown option "limit"; it belongs to leads(), or use the operator take()',
  },
  'an option of the checkpoint': {
    given: () => [[1], sink(), { checkpoint: 'c.json', whenFinished: 'next' }],
    message: 'run(): unknown option "whenFinished"; it belongs to checkpoint: { path, whenFinished, … }',
  },
  'a controller as the signal': {
    given: () => [[1], sink(), { signal: new AbortController() }],
    message: /^run\(\): signal: expected an AbortSignal, received AbortController/,
  },
  'a value that is not a function as onProgress': {
    given: () => [[1], sink(), { onProgress: true }],
    message: 'run(): onProgress: expected a function, received true',
  },
  'too short an interval': {
    given: () => [[1], sink(), { progressInterval: 9 }],
    message: 'run(): progressInterval: expected an integer from 10 to 2147483647 (milliseconds), received 9',
  },
  'a source that was read': {
    given() {
      const read = Readable.from([1, 2])
      read.read()
      return [read, sink()]
    },
    message: `run(): source: expected a stream that was not read before, received a stream (Readable) that was used; ${anew}`,
  },
  'a source that was destroyed': {
    given: () => [Readable.from([1]).destroy(), sink()],
    message: `run(): source: expected a stream that was not read before, received a stream (Readable) that was used; ${anew}`,
  },
  'a sink that was ended': {
    given: () => [[1], sink().end()],
    message: `run(): sink: expected a stream that has not ended, received a stream (ArraySink) that was used; ${anew}`,
  },
  'a sink that was destroyed': {
    given: () => [[1], sink().destroy()],
    message: `run(): sink: expected a stream that has not ended, received a stream (ArraySink) that was used; ${anew}`,
  },
}

for (const [what, { given, message }] of Object.entries(wrong)) {
  t.test(`run: ${what} is an OPTION error that names the argument`, async t => {
    const failure = (await failureOf(anyRun(...given()))) as Error
    t.match(failure, { code: 'OPTION' })
    if (typeof message === 'string') t.ok(failure.message.startsWith(message), failure.message)
    else t.match(failure.message, message)
  })
}

t.test('run: arguments are checked before the first request and before a file is touched', async t => {
  const dir = t.testdir()
  const { origin, targets } = await serveLeads(t, [{ guid: 'a' }])
  const client = openClient(t, origin)
  const file = () => toFile(join(dir, 'a.ndjson'))
  for (const given of [
    [leads(client), new PassThrough(), file()],
    [leads(client), file(), { nothing: 'of the kind' }],
    [leads(client), keepAll()],
    [leads(client), file(), file()],
    [leads(client), file(), { signal: AbortSignal.abort() }],
    [leads(client), toFile(join(dir, 'no/such/a.ndjson'))],
    [leads(client, { excludeConversionEvents: true }), explodeEvents(), file()],
  ]) {
    await t.rejects(anyRun(...given))
  }
  t.strictSame(targets, [])
  t.strictSame(readdirSync(dir), [])
  t.notOk(existsSync('a.ndjson'))
})

t.test('run: explodeEvents is an OPTION error if the query excludes conversion events', async t => {
  const { origin, targets } = await serveLeads(t, [{ guid: 'a' }])
  const client = openClient(t, origin)
  for (const operator of [
    explodeEvents<Lead>(),
    compose(
      keepAll() as ReturnType<typeof filter<Lead>>,
      compose(explodeEvents<Lead>(), explodeFormValues()),
    ),
  ]) {
    t.match(
      await failureOf(anyRun(leadsByOffset(client, { excludeConversionEvents: true }), operator, sink())),
      {
        code: 'OPTION',
        message:
          'leads(): excludeConversionEvents: expected false for the operator explodeEvents(), received true',
        context: { option: 'excludeConversionEvents', operator: 'explodeEvents' },
      },
    )
  }
  t.strictSame(targets, [])
  t.match(await anyRun(leadsByOffset(client, { excludeConversionEvents: false }), explodeEvents(), sink()), {
    read: 1,
  })
  t.match(await anyRun(leadsByOffset(client, { excludeConversionEvents: true }), keepAll(), sink()), {
    read: 1,
  })
})

t.test('run: a source or sink of another run is an OPTION error, during that run and after it', async t => {
  const { origin } = await serveLeads(t, [{ guid: 'a' }, { guid: 'b' }])
  const from = leadsByOffset(openClient(t, origin))
  const into = sink()
  const [first, sameSource, sameSink] = await Promise.allSettled([
    run(from, into),
    anyRun(from, sink()),
    anyRun([1], into),
  ])
  t.match(first, { status: 'fulfilled', value: { records: 2 } })
  t.match(sameSource, { status: 'rejected', reason: { code: 'OPTION', message: /^run\(\): source: / } })
  t.match(sameSink, { status: 'rejected', reason: { code: 'OPTION', message: /^run\(\): sink: / } })
  t.strictSame(into.records, [{ guid: 'a' }, { guid: 'b' }])
  await t.rejects(run(from, sink()), {
    code: 'OPTION',
    message: /source: expected a stream that was not read/,
  })
  await t.rejects(run([1], into), { code: 'OPTION', message: /sink: expected a stream that has not ended/ })
})

t.test('run: a sink that could not be opened can be used for another run', async t => {
  const dir = t.testdir()
  const into = toFile(join(dir, 'later/a.ndjson'))
  await t.rejects(run([1], into), { code: 'SINK' })
  t.notOk(into.destroyed)
  mkdirSync(join(dir, 'later'))
  t.match(await run([1], into), { records: 1 })
})

t.test('run: an iterable that is not a stream can be the source of several runs', async t => {
  const values = [1, 2, 3]
  for (let use = 0; use < 2; use += 1) t.match(await run(values, sink()), { records: 3 })
})

t.test('run: an option that is undefined counts as absent', async t => {
  t.match(await run([1], sink(), undefined), { records: 1 })
  t.match(await run([1], sink(), { signal: undefined, onProgress: undefined }), { records: 1 })
})

t.test('run: a Duplex made from an async function can be the sink', async t => {
  const seen: unknown[] = []
  const own = Duplex.from(async (values: AsyncIterable<unknown>) => {
    for await (const value of values) seen.push(value)
  })
  t.match(await anyRun([1, 2], own), { records: 2 })
  t.strictSame(seen, [1, 2])
})
