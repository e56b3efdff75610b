import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import type { Lead, LeadpipeError, LeadSource, OptionContext } from '../../lib/index.ts'
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
    { owner: 'run()', option: 'checkpoint' },
    'run(): checkpoint: expected operators whose state can be saved, received the operator "mine" without save and restore; give it both, ',
  ],
  'an onProgress that throws': [
    () =>
      run(new Readable({ objectMode: true, read() {} }), sink(), {
        progressInterval: 10,
        onProgress() {
          throw new Error('no')
        },
      }),
    { owner: 'run()', option: 'onProgress' },
    'run(): onProgress: expected a function that does not throw, received one that threw: no',
  ],
  'two quarantines to one path': [
    ({ work }) => run([1], compose(quarantining(work.file('q')), quarantining(work.file('q'))), sink()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: expected a different destination for each operator, received "',
  ],
  'a used source': [
    () => run(Readable.from([1]).destroy(), sink()),
    { owner: 'run()', option: 'source' },
    'run(): source: expected a stream that was not read before, received a stream (Readable) that was used; create a new one for each run',
  ],
  'a source of another run': [
    () => {
      const source = Readable.from([1])
      return Promise.all([run(source, sink()), run(source, sink())])
    },
    { owner: 'run()', option: 'source' },
    'run(): source: expected a stream that no other run uses, received a stream (Readable) in use; create a new one for each run',
  ],
  'events that the query leaves out': [
    ({ source }) => run(source(), explodeEvents(), sink()),
    { owner: 'leads()', option: 'excludeConversionEvents', operator: 'explodeEvents' },
    'leads(): excludeConversionEvents: expected false for the operator explodeEvents(), received true',
  ],
  'reconcile without leads()': [
    () => run([1], sink(), { reconcile: true }),
    { owner: 'run()', option: 'source', with: { owner: 'run()', option: 'reconcile' } },
    'run(): source: expected a source whose records the server counts, such as leads() or contacts(), with reconcile, received another source',
  ],
  'operator options that are not JSON': [
    ({ source, work }) =>
      run(
        source(),
        operator<Lead>({ name: 'mine', options: { a: 1n }, create: () => ({ step: () => {} }) }),
        toFile(work.file('a.json')),
        { checkpoint: work.checkpoint },
      ),
    { owner: 'operator()', option: 'options', operator: 'mine' },
    'operator(): options: expected plain JSON, received those of "mine": the options must be plain JSON, found ',
  ],
  'a quarantine of bytes': [
    () => quarantining(new PassThrough()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: expected an object-mode Writable, received one that takes bytes',
  ],
  'a path without run()': [
    () => pipeline([1], quarantining('q.ndjson'), sink()),
    { owner: 'validate()', option: 'quarantine' },
    'validate(): quarantine: expected an object-mode Writable in a plain pipeline, because only run() opens a path, received "q.ndjson"; give toFile("q.ndjson")',
  ],
  'a schema that does not compile': [
    () => validate({ schema: { type: 'colour' } }),
    { owner: 'validate()', option: 'schema' },
    'validate(): schema: expected a JSON Schema that compiles, received one that does not: ',
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
    { owner: 'pipeline()' },
    'pipeline(): expected an operator that was not used before, received the operator filter; create a new one for each pipeline',
  ],
  'a transform() in a plain pipeline': [
    () =>
      pipeline(
        [1],
        transform(() => new PassThrough({ objectMode: true })),
        sink(),
      ),
    { owner: 'pipeline()' },
    'pipeline(): expected operators other than transform(), which needs run(), received the operator transform; use the stream, or the generator function, in place of transform()',
  ],
}

for (const [what, [failing, context, message]] of Object.entries(cases)) {
  t.test(`OPTION error, ${what}: context has the owner and the name of the option`, async (t: Test) => {
    const { origin } = await serveLeads(t, [])
    const source = () => leads(openClient(t, origin), { excludeConversionEvents: true })
    const work = new Workplace(t)
    const error = (await failureOf(async () => failing({ source, work }))) as LeadpipeError
    t.equal(error.code, 'OPTION')
    t.match(error.context, context)
    t.type((error.context as OptionContext).expected, 'string')
    t.ok(error.message.startsWith(message), error.message)
    t.strictSame(work.names, [])
  })
}
