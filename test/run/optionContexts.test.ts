import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import type { Lead, LeadpipeError, LeadSource } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { operator } from '../../lib/operators/operator.ts'
import { project } from '../../lib/operators/project.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { Workplace } from '../support/Workplace.ts'

const sink = () => toArray<unknown>({ max: 9 })
const quarantining = (quarantine: string | PassThrough) => validate({ onInvalid: 'quarantine', quarantine })

interface Given {
  source: () => LeadSource
  work: Workplace
}

const cases: Record<string, [failing: (given: Given) => unknown, context: object, message: string]> = {
  'operator state that is not saved': [
    ({ source, work }) =>
      run(
        source(),
        operator<Lead>(
          'mine',
          (_, emit) => emit(_),
          () => {},
        ),
        toFile(work.file('a.json')),
        { checkpoint: work.checkpoint },
      ),
    { owner: 'run() options', option: 'checkpoint' },
    'run() options: checkpoint: "mine" may hold state',
  ],
  'an onProgress that throws': [
    () =>
      run(new Readable({ objectMode: true, read() {} }), sink(), {
        progressInterval: 10,
        onProgress() {
          throw new Error('no')
        },
      }),
    { owner: 'run() options', option: 'onProgress' },
    'run() options: onProgress failed: no',
  ],
  'two quarantines to one path': [
    ({ work }) => run([1], compose(quarantining(work.file('q')), quarantining(work.file('q'))), sink()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: two operators write to "',
  ],
  'a used source': [
    () => run(Readable.from([1]).destroy(), sink()),
    { owner: 'run()', option: 'the source' },
    'run(): the source: it has been read already; make a new one for each run',
  ],
  'a source of another run': [
    () => {
      const source = Readable.from([1])
      return Promise.all([run(source, sink()), run(source, sink())])
    },
    { owner: 'run()', option: 'the source' },
    'run(): the source: another run uses it; make a new one for each run',
  ],
  'events that the query leaves out': [
    ({ source }) => run(source(), explodeEvents(), sink()),
    { owner: 'leads()', option: 'excludeConversionEvents', operator: 'explodeEvents' },
    'explodeEvents needs conversion events, and the query excludes them (excludeConversionEvents: true)',
  ],
  'reconcile without leads()': [
    () => run([1], sink(), { reconcile: true }),
    { owner: 'run() options', option: 'reconcile' },
    'run() options: reconcile: expected leads() as the source, without guids, offset, limit and from',
  ],
  'operator options that are not JSON': [
    ({ source, work }) =>
      run(
        source(),
        operator<Lead>({ name: 'mine', options: { a: 1n }, create: () => ({ step: () => {} }) }),
        toFile(work.file('a.json')),
        { checkpoint: work.checkpoint },
      ),
    { owner: 'mine', option: 'options' },
    'mine: the options must be plain JSON, found ',
  ],
  'a quarantine of bytes': [
    () => quarantining(new PassThrough()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: expected an object-mode Writable, received one that takes bytes',
  ],
  'a path without run()': [
    () => pipeline([1], quarantining('q.ndjson'), sink()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: a path needs run(), which opens it; in a plain pipeline, give a Writable, such as toFile("q.ndjson")',
  ],
  'a schema that does not compile': [
    () => validate({ schema: { type: 'colour' } }),
    { owner: 'validate()', option: 'schema' },
    'validate(): schema: expected a JSON Schema that compiles: ',
  ],
  'an asynchronous schema': [
    () => validate({ schema: { $async: true } }),
    { owner: 'validate()', option: 'schema' },
    'validate(): schema: expected a synchronous schema, received one with $async',
  ],
  'a field named __proto__': [
    () => project(['__proto__'] as never),
    { owner: 'project()' },
    "project(): expected a name for a field, received '__proto__'",
  ],
  'an operator that is used twice': [
    async () => {
      const once = filter<number>(() => true)
      await pipeline([1], once, sink())
      return pipeline([1], once, sink())
    },
    { owner: 'filter' },
    'filter: a stream can be used in one pipeline only; make a new operator for each',
  ],
  'a transform() in a plain pipeline': [
    () =>
      pipeline(
        [1],
        transform(() => new PassThrough({ objectMode: true })),
        sink(),
      ),
    { owner: 'transform()' },
    'transform() is for run(); in a plain pipeline, use the stream itself in its place',
  ],
}

for (const [what, [failing, context, message]] of Object.entries(cases)) {
  t.test(`OPTION error, ${what}: context has the owner and the name of the option`, async (t: Test) => {
    const { origin } = await serveLeads(t, [])
    const source = () => leads(openClient(t, origin), { excludeConversionEvents: true })
    const work = new Workplace(t)
    const error = (await failureOf(async () => failing({ source, work }))) as LeadpipeError
    t.equal(error.code, 'OPTION')
    t.strictSame(error.context, context)
    t.ok(error.message.startsWith(message), error.message)
    t.strictSame(work.names, [])
  })
}
