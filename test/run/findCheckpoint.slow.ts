import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead, LeadsOptions, LeadsQuery, Operator, Report } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { encode } from '../../lib/operators/encode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { project } from '../../lib/operators/project.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { checkpointTemporary } from '../support/checkpointTemporary.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const [portal, otherPortal] = await Promise.all([createPortal({ leads: 60 }), createPortal({ leads: 60 })])
t.teardown(() => Promise.all([portal.close(), otherPortal.close()]))
const name = 'out.ndjson'

interface Given {
  origin?: string
  query?: LeadsQuery
  options?: LeadsOptions
  operators?: () => Operator<Lead, unknown>
  /** A file, or the URL of a receiver. */
  to?: string
  format?: 'json' | 'ndjson'
  checkpoint?: Partial<CheckpointOptions>
}

const usual = () => compose(validate({ onInvalid: 'skip' }), take<Lead>(50), project(['guid', 'email']))

function exportLeads(
  t: Test,
  work: Workplace,
  given: Given = {},
  onMoment?: (moment: Moment) => void,
): Promise<Report> {
  const {
    origin = portal.origin,
    query = {},
    options = {},
    operators = usual,
    to = work.file(name),
    format,
    checkpoint,
  } = given
  return runWithCheckpoint(work, {
    source: leads(portalClient(t, portal, { origin }), { max: 10, ...query, ...options }),
    waits: true,
    operators: operators(),
    sink: to.startsWith('http:') ? toHttp(to) : toFile(to, { format }),
    every: 8,
    checkpoint: { version: '1', ...checkpoint },
    onMoment,
  })
}

/** A work folder as a run left it that was killed in the middle. */
async function unfinished(t: Test): Promise<Workplace> {
  const work = new Workplace(t)
  await exportLeads(t, work, {}, work.keep)
  const contents = work.contents(name)
  work.goBack(work.snapshots[3] as never)
  t.ok(work.partial(name))
  t.after(async () => {
    if (contents === '') throw new Error('nothing was written')
  })
  return work
}

/** Asserts that a run is rejected with this message, without a request and without a change in any file. */
async function isRejected(
  t: Test,
  work: Workplace,
  code: string,
  message: RegExp,
  outcome: () => Promise<unknown>,
) {
  const before = work.everything
  const requests = portal.requestCount + otherPortal.requestCount
  t.match(await failureOf(outcome()), { code, message })
  t.equal(portal.requestCount + otherPortal.requestCount, requests, 'no request is sent')
  t.strictSame(work.everything, before, 'no file is changed')
}

const changed: Record<string, [given: Given, difference: RegExp]> = {
  'another query': [{ query: { search: 'a' } }, /source\.query\.search was absent and is 'a' now/],
  'another startTime': [{ query: { startTime: 5 } }, /source\.query\.startTime was absent and is 5 now/],
  'another page size': [{ query: { max: 20 } }, /source\.query\.max was 10 and is 20 now/],
  'a limit': [{ options: { limit: 55 } }, /source\.limit was absent and is 55 now/],
  guids: [{ query: { guids: ['a'] } }, /source\.paging was 'seek' and is 'guids' now/],
  'another portal': [{ origin: otherPortal.origin }, /source\.origin was 'http:.*' and is 'http:/],
  'other options of an operator': [
    { operators: () => compose(validate({ onInvalid: 'skip' }), take<Lead>(51), project(['guid', 'email'])) },
    /operators\.2\.options\.count was 50 and is 51 now/,
  ],
  'other fields': [
    { operators: () => compose(validate({ onInvalid: 'skip' }), take<Lead>(50), project(['guid'])) },
    /operators\.3\.options.* was .* and is /,
  ],
  'another order': [
    { operators: () => compose(take<Lead>(50), validate({ onInvalid: 'skip' }), project(['guid', 'email'])) },
    /operators\.1\.name was 'validate' and is 'take' now/,
  ],
  'an additional operator': [
    {
      operators: () =>
        compose(
          usual(),
          filter(() => true),
        ),
    },
    /operators\.4 was absent and is given \('filter'\) now/,
  ],
  'a missing operator': [
    { operators: () => compose(validate({ onInvalid: 'skip' }), take<Lead>(50)) },
    /operators\.3 was .* and is absent now/,
  ],
  'another format': [{ format: 'json' }, /sink\.format was 'ndjson' and is 'json' now/],
  'another word for the functions': [{ checkpoint: { version: '2' } }, /version was '1' and is '2' now/],
  'no word for the functions': [{ checkpoint: { version: undefined } }, /version was '1' and is absent now/],
}
for (const [what, [given, difference]] of Object.entries(changed)) {
  t.test(`checkpoint: ${what} is another run: a CHECKPOINT error that names the difference`, async t => {
    const work = await unfinished(t)
    const sentence = new RegExp(
      `^checkpoint .*checkpoint\\.json: it is of another run: ${difference.source}.*; delete it to start again, or give another path$`,
    )
    await isRejected(t, work, 'CHECKPOINT', sentence, () => exportLeads(t, work, given))
    // A finished run is rejected as well, whatever whenFinished says.
    t.match(await exportLeads(t, work), { records: 50 })
    for (const whenFinished of ['stop', 'restart', 'next'] as const) {
      const again = { ...given, checkpoint: { ...given.checkpoint, whenFinished } }
      const code = whenFinished === 'next' && given.query?.guids ? 'OPTION' : 'CHECKPOINT'
      await isRejected(t, work, code, /it is of another run|with checkpoint\.whenFinished 'next'/, () =>
        exportLeads(t, work, again),
      )
    }
  })
}

t.test('checkpoint: no limit, or a larger one, is another run, finished or not', async t => {
  const work = new Workplace(t)
  const limited = { options: { limit: 30 }, operators: () => project<Lead, 'guid'>(['guid']) }
  t.match(await exportLeads(t, work, limited, work.keep), { records: 30 })
  const finished = () => {}
  for (const goBack of [finished, () => work.goBack(work.snapshots[1] as never)]) {
    goBack()
    const difference = (now: string) => new RegExp(`another run: source\\.limit was 30 and is ${now}`)
    await isRejected(t, work, 'CHECKPOINT', difference('absent now'), () =>
      exportLeads(t, work, { ...limited, options: {} }),
    )
    await isRejected(t, work, 'CHECKPOINT', difference('31 now'), () =>
      exportLeads(t, work, { ...limited, options: { limit: 31 } }),
    )
  }
  t.match(await exportLeads(t, work, limited), { records: 30 })
})

t.test('checkpoint: project() with the same fields in another order is another run', async t => {
  const work = new Workplace(t)
  const mapped = (...names: ('guid' | 'email')[]) => ({
    operators: () =>
      project<Lead, Record<string, 'guid' | 'email'>>(Object.fromEntries(names.map(n => [n, n]))),
  })
  const { records } = await exportLeads(t, work, mapped('guid', 'email'), work.keep)
  work.goBack(work.snapshots[3] as never)
  await isRejected(
    t,
    work,
    'CHECKPOINT',
    /operators\.1\.options\.mapping\.0\.0 was 'guid' and is 'email' now/,
    () => exportLeads(t, work, mapped('email', 'guid')),
  )
  t.match(await exportLeads(t, work, mapped('guid', 'email')), { records })
})

t.test('checkpoint: another file or receiver as the sink is another run', async t => {
  const work = await unfinished(t)
  const { origin, arrivals } = await receive(t)
  await isRejected(t, work, 'CHECKPOINT', /sink\.path was '.*out\.ndjson' and is '.*other\.ndjson' now/, () =>
    exportLeads(t, work, { to: work.file('other.ndjson') }),
  )
  await isRejected(t, work, 'CHECKPOINT', /it is of another run: sink\./, () =>
    exportLeads(t, work, { to: `${origin}/` }),
  )
  t.strictSame(arrivals, [])
})

const spoiled: Record<string, [spoil: (work: Workplace) => void, code: string, message: RegExp]> = {
  'a damaged checkpoint': [work => truncateSync(work.checkpoint, 300), 'CHECKPOINT', /it is damaged/],
  'a JSON file that is not a checkpoint': [
    work => writeFileSync(work.checkpoint, '{}\n'),
    'CHECKPOINT',
    /not a checkpoint of/,
  ],
  'a directory at the path of the checkpoint': [
    work => {
      rmSync(work.checkpoint)
      mkdirSync(work.checkpoint)
    },
    'CHECKPOINT',
    /it can't be read: EISDIR/,
  ],
  'a temporary output that is shorter': [
    work => truncateSync(work.file(work.partial(name)), 10),
    'CHECKPOINT',
    /has 10 bytes, fewer than the \d+ of the checkpoint/,
  ],
  'a temporary output with other bytes': [
    work => writeFileSync(work.file(work.partial(name)), 'x'.repeat(100_000)),
    'CHECKPOINT',
    /the output is not the one of the checkpoint/,
  ],
  'a temporary output that was removed': [
    work => rmSync(work.file(work.partial(name))),
    'CHECKPOINT',
    /out\.ndjson\.[0-9a-f]{8}\.partial does not exist, and .*out\.ndjson is not the complete file/,
  ],
}
for (const [what, [spoil, code, message]] of Object.entries(spoiled)) {
  t.test(`checkpoint: ${what} is a CHECKPOINT error`, async t => {
    const work = await unfinished(t)
    spoil(work)
    if (what.startsWith('a directory')) {
      const { requestCount } = portal
      t.match(await failureOf(exportLeads(t, work)), { code, message })
      t.equal(portal.requestCount, requestCount)
    } else await isRejected(t, work, code, message, () => exportLeads(t, work))
  })
}

t.test('checkpoint: bytes written after the last save are cut off when the run resumes', async t => {
  const work = new Workplace(t)
  await exportLeads(t, work, {}, work.keep)
  const contents = work.contents(name)
  work.goBack(work.snapshots[3] as never)
  appendFileSync(work.file(work.partial(name)), 'half a line')
  await exportLeads(t, work)
  t.equal(work.contents(name), contents)
})

t.test('checkpoint: a path in a directory that does not exist is a CHECKPOINT error', async t => {
  const work = new Workplace(t)
  await isRejected(t, work, 'CHECKPOINT', /its directory does not exist$/, () =>
    exportLeads(t, work, { checkpoint: { path: work.file('nowhere/a.json') } }),
  )
})

t.test('run: checkpoint, output and quarantine at one path is an OPTION error', async t => {
  const work = new Workplace(t)
  const quarantining = (path: string) => () => validate({ onInvalid: 'quarantine', quarantine: path })
  const cases: Given[] = [
    { checkpoint: { path: work.file(name) } },
    { checkpoint: { path: work.file(`link/${name}`) } },
    { checkpoint: { path: work.file('a') }, to: await checkpointTemporary(work.file('a')), format: 'json' },
    {
      checkpoint: { path: work.file('rejected.ndjson') },
      operators: quarantining(work.file('rejected.ndjson')),
    },
    { operators: quarantining(work.file(name)) },
    { to: work.file('leads-to-the-checkpoint.ndjson') },
  ]
  const links = () => {
    symlinkSync(work.path, work.file('link'))
    symlinkSync('checkpoint.json', work.file('leads-to-the-checkpoint.ndjson'))
  }
  const unlink = () => {
    rmSync(work.file('link'))
    rmSync(work.file('leads-to-the-checkpoint.ndjson'))
  }
  for (const given of cases) {
    const { requestCount } = portal
    links()
    t.match(await failureOf(exportLeads(t, work, given)), {
      code: 'OPTION',
      message: /^run\(\): sink: expected a different file for each output, received /,
    })
    unlink()
    t.equal(portal.requestCount, requestCount)
    t.strictSame(work.names, [])
  }
})

t.test('checkpoint: a named pipe at its path is a CHECKPOINT error, and the run does not hang', async t => {
  const work = new Workplace(t)
  execFileSync('mkfifo', [work.checkpoint])
  t.match(await failureOf(exportLeads(t, work)), {
    code: 'CHECKPOINT',
    message: /it can't be read: it is a pipe$/,
  })
})

t.test('checkpoint: a device at its path is a CHECKPOINT error that does not say to delete it', async t => {
  const work = new Workplace(t)
  symlinkSync('/dev/null', work.checkpoint)
  t.match(await failureOf(exportLeads(t, work)), {
    code: 'CHECKPOINT',
    message: /it can't be read: it is a device$/,
  })
})

t.test('checkpoint: a directory at a temporary path is an error before the first request', async t => {
  const work = new Workplace(t)
  let partial = ''
  await exportLeads(t, work, {}, moment => {
    if (moment === 'saved') partial = work.partial(name)
  })
  work.clear()
  const { requestCount } = portal
  for (const [taken, code, message] of [
    [partial, 'SINK', /out\.ndjson\.[0-9a-f]{8}\.partial: it is a directory$/],
    [
      basename(await checkpointTemporary(work.checkpoint)),
      'CHECKPOINT',
      /checkpoint\.json\.[0-9a-f]{8}\.tmp, its temporary file, is a directory$/,
    ],
  ] as const) {
    mkdirSync(work.file(taken))
    t.match(await failureOf(exportLeads(t, work)), { code, message })
    t.strictSame(work.names, [taken])
    rmSync(work.file(taken), { recursive: true })
  }
  t.equal(portal.requestCount, requestCount)
})

t.test('checkpoint: an output link that was changed to another target is a CHECKPOINT error', async t => {
  const work = new Workplace(t)
  const to = work.file('link.ndjson')
  symlinkSync('first.ndjson', to)
  await exportLeads(t, work, { to }, work.keep)
  work.goBack(work.snapshots[3] as never)
  rmSync(to)
  symlinkSync('second.ndjson', to)
  t.match(await failureOf(exportLeads(t, work, { to })), {
    code: 'CHECKPOINT',
    message:
      /link\.ndjson is .*second\.ndjson now, and the output of the checkpoint is .*first\.ndjson; delete the checkpoint to start again$/,
  })
})

t.test('checkpoint: a second run to the same output is a SINK error while one runs', async t => {
  const work = new Workplace(t)
  const refused: unknown[] = []
  const other = () => exportLeads(t, work, { checkpoint: { path: work.file('other.json') } })
  let hasTried = false
  const first = exportLeads(t, work, {
    operators: () =>
      operator<Lead>('second run', async () => {
        if (hasTried) return
        hasTried = true
        refused.push(await failureOf(other()))
      }),
  })
  t.match(await first, { read: Number })
  t.match(refused, [
    {
      code: 'SINK',
      message: /out\.ndjson: another run writes to it; wait until that run ends, or give another path$/,
    },
  ])
  t.strictSame(work.names, ['checkpoint.json', name])
})

const replace = (partial: string) => {
  rmSync(partial)
  writeFileSync(partial, 'evil')
}

t.test('checkpoint: a temporary file that somebody replaced or removed is never renamed', async t => {
  for (const [what, harm] of [
    ['is another file now', replace],
    ['is gone', (partial: string) => rmSync(partial)],
  ] as const) {
    const work = new Workplace(t)
    let seen = 0
    const operators = () =>
      peek<Lead>(() => {
        seen += 1
        if (seen === 40) harm(work.file(work.partial(name)))
      })
    t.match(await failureOf(exportLeads(t, work, { operators })), {
      code: 'SINK',
      message: new RegExp(`out\\.ndjson\\.[0-9a-f]{8}\\.partial ${what}: did another process change it\\?$`),
    })
    t.notOk(work.has(name))
  }
})

t.test('run: a source or sink that cannot resume is an OPTION error with a checkpoint', async t => {
  const work = new Workplace(t)
  const source = () => leads(portalClient(t, portal))
  const options = { checkpoint: work.checkpoint }
  const next = { checkpoint: { path: work.checkpoint, whenFinished: 'next' as const } }
  const refuse = (message: RegExp, outcome: () => Promise<unknown>) =>
    isRejected(t, work, 'OPTION', message, outcome)
  await refuse(
    /^run\(\): source: expected leads\(\) or source\(\), which can be resumed, with checkpoint, received/,
    () => run([{ a: 1 }], toFile(work.file(name)), options),
  )
  await refuse(
    /^run\(\): sink: expected toFile\(\), toHttp\(\) or sink\(\), which can be resumed, with checkpoint/,
    () => run(source(), toArray({ max: 9 }), options),
  )
  await refuse(
    /^run\(\): sink: expected toFile\(\), toHttp\(\) or sink\(\), which can be resumed, with checkpoint/,
    () => run(source(), encode(), new PassThrough(), options),
  )
  await refuse(
    /^run\(\): sink: expected toFile\(\), toHttp\(\) or sink\(\), which can be resumed, with checkpoint/,
    () => run(source(), encode(), process.stdout, options),
  )
  await refuse(/a device or a pipe can't be resumed/, () =>
    run(source(), toFile('/dev/null', { format: 'json' }), options),
  )
  await refuse(/paging: expected 'seek' with checkpoint\.whenFinished 'next', received 'offset'$/, () =>
    run(leads(portalClient(t, portal), { paging: 'offset' }), toFile(work.file(name)), next),
  )
  await refuse(/stopTime: expected none with checkpoint\.whenFinished 'next', received 5$/, () =>
    run(leads(portalClient(t, portal), { stopTime: 5 }), toFile(work.file(name)), next),
  )
})

t.test('checkpoint: a second run with the same checkpoint is a CHECKPOINT error while one runs', async t => {
  const work = new Workplace(t)
  let second: unknown
  const first = exportLeads(t, work, {}, async () => {
    second ??= failureOf(exportLeads(t, work, { to: work.file('other.ndjson') }))
  })
  t.match(await first, { records: 50 })
  t.match(await second, { code: 'CHECKPOINT', message: /another run holds it/ })
  t.match(await exportLeads(t, work, { checkpoint: { whenFinished: 'stop' } }), { records: 50 })
})

t.test('run: a second run that is given its source or sink is rejected and does not disturb it', async t => {
  const work = new Workplace(t)
  const client = portalClient(t, portal)
  const [source, sink] = [leads(client, { max: 10 }), toFile(work.file(name))]
  const disturb = async () => {
    await t.rejects(run(leads(client), sink, { checkpoint: work.file('b.json') }), {
      message: /sink: expected a stream that no other run uses/,
    })
    await t.rejects(run(source, toFile(work.file('c.ndjson')), { checkpoint: work.file('c.json') }), {
      message: /^run\(\): source: /,
    })
  }
  let disturbed: Promise<void> | undefined
  const report = await run(
    source,
    filter(() => {
      disturbed ??= disturb()
      return true
    }),
    sink,
    { checkpoint: work.checkpoint },
  )
  await disturbed
  t.equal(work.lines(name).length, report.read)
  t.ok(report.read > 50)
  t.strictSame(work.names, ['checkpoint.json', name])
})

t.test('checkpoint: after a CHECKPOINT error, source and sink can be used for the next run', async t => {
  const work = new Workplace(t)
  const source = leads(portalClient(t, portal))
  const sink = toFile(work.file(name))
  writeFileSync(work.checkpoint, 'no checkpoint')
  t.match(await failureOf(run(source, sink, { checkpoint: work.checkpoint })), { code: 'CHECKPOINT' })
  rmSync(work.checkpoint)
  t.ok((await run(source, sink, { checkpoint: work.checkpoint })).read > 50)
})

t.test(
  'checkpoint: a finished run without whenFinished is a CHECKPOINT error that names the three choices',
  async t => {
    const work = new Workplace(t)
    t.match(await exportLeads(t, work), { records: 50 })
    const message =
      /^checkpoint .*checkpoint\.json: its run has finished; set checkpoint\.whenFinished to 'next' .*, 'restart' .* or 'stop' /
    await isRejected(t, work, 'CHECKPOINT', message, () => exportLeads(t, work))
    const { requestCount } = portal
    t.match(await exportLeads(t, work, { checkpoint: { whenFinished: 'stop' } }), {
      records: 50,
      checkpoint: { found: 'finished', starts: 1 },
    })
    t.equal(portal.requestCount, requestCount)
    t.match(await exportLeads(t, work, { checkpoint: { whenFinished: 'restart' } }), {
      records: 50,
      checkpoint: { starts: 1, found: undefined },
    })
    t.ok(portal.requestCount > requestCount)
    // An operator that wanted no more ended the window, so that none follows.
    await isRejected(
      t,
      work,
      'CHECKPOINT',
      /the last window was not read to its end, .*; set checkpoint\.whenFinished to 'restart' to start again$/,
      () => exportLeads(t, work, { checkpoint: { whenFinished: 'next' } }),
    )
    await isRejected(t, work, 'CHECKPOINT', message, () => exportLeads(t, work))
  },
)

t.test("checkpoint: whenFinished 'stop' is a CHECKPOINT error if the output was changed", async t => {
  const work = new Workplace(t)
  await exportLeads(t, work)
  const whole = work.contents(name)
  const changes: Record<string, string> = {
    'one more byte': `${whole}x`,
    'one byte less': whole.slice(0, -1),
    'another byte': `${whole.slice(0, -3)}x${whole.slice(-2)}`,
    nothing: '',
  }
  const stop = () => exportLeads(t, work, { checkpoint: { whenFinished: 'stop' } })
  for (const contents of Object.values(changes)) {
    writeFileSync(work.file(name), contents)
    await isRejected(
      t,
      work,
      'CHECKPOINT',
      /its run has finished, and .*out\.ndjson is not the file that it wrote; set checkpoint\.whenFinished to 'restart' to export again$/,
      stop,
    )
  }
  rmSync(work.file(name))
  mkdirSync(work.file(name))
  const { requestCount } = portal
  t.match(await failureOf(stop()), { code: 'SINK', message: /out\.ndjson: it is a directory$/ })
  t.equal(portal.requestCount, requestCount)
  rmSync(work.file(name), { recursive: true })
  writeFileSync(work.file(name), whole)
  t.match(await stop(), { records: 50 })
})

/** Operators with a function, and the same operators with another function. */
const ofFunctions: Record<
  string,
  readonly [operators: () => Operator<Lead, unknown>, others: () => Operator<Lead, unknown>]
> = {
  filter: [() => filter(({ guid }) => guid !== 'a'), () => filter(({ guid }) => guid !== 'b')],
  map: [() => map(({ guid }) => ({ guid })), () => map(({ guid }) => ({ guid, n: 1 }))],
  peek: [() => peek(() => {}), () => peek(() => undefined)],
  'a step': [
    () => operator<Lead>('mine', (lead, emit) => emit(lead)),
    () => operator<Lead>('mine', (lead, emit) => emit({ ...lead })),
  ],
  create: [
    () =>
      operator<Lead>({ name: 'mine', stateless: true, create: () => ({ step: (lead, emit) => emit(lead) }) }),
    () => operator<Lead>({ name: 'mine', stateless: true, create: () => ({ step: () => {} }) }),
  ],
  transform: [
    () => transform(() => new PassThrough({ objectMode: true })),
    () => transform(() => new PassThrough({ objectMode: true, highWaterMark: 1 })),
  ],
  project: [
    () => project({ guid: ({ guid }: Lead) => guid }),
    () => project({ guid: ({ guid }: Lead) => String(guid) }),
  ],
}
for (const [what, [operators, others]] of Object.entries(ofFunctions)) {
  t.test(
    `checkpoint: ${what}: another function is another run, unless the option version is given`,
    async t => {
      const work = new Workplace(t)
      const digest = 'a value with digest [0-9a-f]{12}…'
      const difference = new RegExp(
        `it is of another run: operators\\.1\\.functions\\.0 was ${digest} and is ${digest} now; delete it to start again`,
      )
      const textual = { operators, checkpoint: { version: undefined } }
      const { records } = await exportLeads(t, work, textual, work.keep)
      const inTheMiddle = work.snapshots[3] as never
      for (const goBack of [() => {}, () => work.goBack(inTheMiddle)]) {
        goBack()
        await isRejected(t, work, 'CHECKPOINT', difference, () =>
          exportLeads(t, work, {
            ...textual,
            operators: others,
            checkpoint: { version: undefined, whenFinished: 'stop' },
          }),
        )
      }
      t.match(await exportLeads(t, work, textual), { records }, 'the same text resumes')
      await isRejected(
        t,
        work,
        'CHECKPOINT',
        /it is of another run: version was absent and is '1' now;/,
        () => exportLeads(t, work, { operators }),
      )
      work.clear()
      await exportLeads(t, work, { operators }, work.keep)
      work.goBack(work.snapshots.findLast(({ moment }) => moment === 'saved') as never)
      t.match(
        await exportLeads(t, work, { operators: others }),
        { checkpoint: { starts: 2 } },
        'with a version, other functions resume',
      )
    },
  )
}

t.test(
  'checkpoint: another run to the same path does not touch the temporary file of an unfinished run',
  async t => {
    const work = await unfinished(t)
    const partial = work.partial(name)
    const [saved, begun] = [work.everything['checkpoint.json'], work.everything[partial]]
    const other = { checkpoint: { path: work.file('other.json') } }
    const untouched = (what: string) => {
      t.equal(work.everything['checkpoint.json'], saved, what)
      t.equal(work.everything[partial], begun, what)
    }
    let seen = 0
    const failing = () =>
      peek<Lead>(() => {
        seen += 1
        if (seen === 20) throw new Error('no more')
      })
    t.match(await failureOf(exportLeads(t, work, { ...other, operators: failing })), { code: 'OPERATOR' })
    untouched('by a run that fails')
    t.equal(work.names.filter(file => file.endsWith('.partial')).length, 2)
    t.match(await exportLeads(t, work, { ...other, operators: failing }), { records: Number })
    untouched('by a run that finishes')
    t.strictSame(work.names, ['checkpoint.json', 'other.json', name, partial].toSorted())
    const client = portalClient(t, portal)
    await run(leads(client), take(3), toFile(work.file(name)))
    untouched('by a run without a checkpoint')
    t.match(await exportLeads(t, work), { records: 50, checkpoint: { starts: 2 } })
    t.equal(work.lines(name).length, 50)
    t.notOk(work.has(partial))
  },
)
