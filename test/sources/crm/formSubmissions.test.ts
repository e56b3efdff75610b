import t, { type Test } from 'tap'
import type { FormSubmission, FormSubmissionsOptions } from '../../../lib/index.ts'
import { peek } from '../../../lib/operators/peek.ts'
import { validate } from '../../../lib/operators/validate.ts'
import { createPortal, generateLeads } from '../../../lib/portal/index.ts'
import { run } from '../../../lib/run/run.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { formSubmissions } from '../../../lib/sources/crm/formSubmissions.ts'
import { failureOf } from '../../support/failureOf.ts'
import { formServer, type ServedForm, serverNow } from '../../support/formServer.ts'
import { instantClock } from '../../support/instantClock.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'
import { runWithCheckpoint } from '../../support/runWithCheckpoint.ts'
import type { Row } from '../../support/SubmissionServer.ts'
import { Workplace } from '../../support/Workplace.ts'

const minute = 60_000

/** A submission that was made this many minutes before the server's present; every third one has no conversionId. */
const rowOf = (form: string, age: number): Row => ({
  ...(age % 3 === 0 ? {} : { conversionId: `${form}-${age}` }),
  submittedAt: serverNow - age * minute,
  values: [{ name: 'age', value: `${form}-${age}` }],
})

/** A form whose submissions have these ages, in minutes. */
const formOf = (id: string, ages: readonly number[], rest: Partial<ServedForm> = {}): ServedForm => ({
  id,
  name: `Form ${id}`,
  rows: ages.map(age => rowOf(id, age)),
  ...rest,
})

const upTo = (count: number, first = 5) => Array.from({ length: count }, (_, n) => first + n)
const nameOf = ({ values }: FormSubmission) => String(values[0]?.value)
const namesOf = (rows: readonly FormSubmission[]) => rows.map(nameOf)
const named = (id: string, ages: readonly number[]) => ages.map(age => `${id}-${age}`)

const blog: ServedForm = {
  id: 'blog',
  refusal: [400, { message: 'not allowed', errors: [{ errorType: 'FORM_TYPE_NOT_ALLOWED' }] }],
}
const forbidden: [number, object] = [403, { message: 'This app lacks a scope' }]

t.test(
  'formSubmissions: every submission of the portal, archived forms too, as the leads have them',
  async t => {
    await using portal = await createPortal({ leads: 400, conversionIdsSince: Date.UTC(2011, 0, 1) })
    const source = formSubmissions(portalClient(t, portal))
    const read = await source.toArray()
    const events = [...generateLeads({ count: 400 })].flatMap(
      ({ leadConversionEvents = [] }) => leadConversionEvents,
    )
    const key = (formGuid: unknown, at: unknown, values: readonly { value?: unknown }[]) =>
      JSON.stringify([formGuid, at, values.map(({ value }) => value)])
    t.strictSame(
      read.map(({ formGuid, submittedAt, values }) => key(formGuid, submittedAt, values)).toSorted(),
      events
        .map(({ formGuid, convertDate, formSubmissionValues = [] }) =>
          key(
            formGuid,
            convertDate,
            formSubmissionValues.map(({ fieldValue }) => ({ value: fieldValue })),
          ),
        )
        .toSorted(),
    )
    t.strictSame(
      read.map(({ formGuid }) => formGuid),
      read.map(({ formGuid }) => formGuid).toSorted(),
      'form after form',
    )
    t.ok(read.every(({ formName }) => formName !== undefined))
    t.match(source.forms, { refused: { count: 1, forms: [{ status: 400 }] } })
  },
)

t.test(
  'formSubmissions: submissions that arrive meanwhile shift the pages, and belong to the next export',
  async t => {
    await using portal = await createPortal({ leads: 300 })
    const client = portalClient(t, portal)
    const before = await formSubmissions(client).toArray()
    const [{ formGuid }] = before as [FormSubmission]
    let count = 0
    const read: FormSubmission[] = []
    for await (const submission of formSubmissions(client, { readAheadBytes: 0 })) {
      read.push(submission)
      count += 1
      if (count % 7 === 0) portal.submit(formGuid, { values: [{ name: 'n', value: String(count) }] })
    }
    t.strictSame(read, before)
  },
)

t.test(
  'formSubmissions: forms in the order of their ids, each from the newest to `since`, with the form',
  async t => {
    const list = [formOf('b', upTo(120)), formOf('a', upTo(60)), formOf('c', upTo(7), { archived: true })]
    const { origin, targets } = await formServer(t, [...list, formOf('empty', [])])
    const client = openClient(t, origin)
    const source = formSubmissions(client)
    const all = await source.toArray()
    t.strictSame(namesOf(all), [
      ...named('a', upTo(59, 6)),
      ...named('b', upTo(119, 6)),
      ...named('c', upTo(6, 6)),
    ])
    t.strictSame(all[0], { ...rowOf('a', 6), formGuid: 'a', formName: 'Form a' })
    t.match(source.forms, { count: 4, refused: { count: 0, forms: [] }, until: serverNow - 5 * minute })
    t.equal(targets.length, 2 + 2 + 3 + 1 + 1)
    targets.length = 0
    const since = new Date(serverNow - 20 * minute)
    t.strictSame(
      namesOf(await formSubmissions(client, { since, forms: ['b'] }).toArray()),
      named('b', upTo(15, 6)),
    )
    t.equal(targets.length, 3)
    const until = serverNow - 10 * minute
    t.strictSame(namesOf(await formSubmissions(client, { since, until, forms: ['c', 'a'] }).toArray()), [
      ...named('a', upTo(10, 11)),
      'c-11',
    ])
  },
)

t.test(
  'formSubmissions: forms are read at the same time, and delivered like one after the other',
  async t => {
    const list = Array.from({ length: 30 }, (_, n) =>
      formOf(`form-${String(n).padStart(2, '0')}`, upTo(n * 5)),
    )
    const { origin } = await formServer(t, list)
    const read = (concurrency: number) => formSubmissions(openClient(t, origin, { concurrency })).toArray()
    t.strictSame(await read(8), await read(1))
  },
)

t.test('formSubmissions: a body that breaks off is requested again', async t => {
  let request = 0
  const { origin, of } = await formServer(t, [formOf('a', upTo(200)), formOf('b', upTo(30))], {
    intercept({ pathname, searchParams }, response) {
      request += 1
      if (request % 2 === 0 || pathname === '/marketing/v3/forms') return false
      const id = pathname.split('/').at(-1) ?? ''
      const text = JSON.stringify(of(id).page(searchParams.get('after') ?? undefined, 50))
      response.writeHead(200, { 'content-length': text.length })
      response.write(text.slice(0, (request * 997) % text.length), () => response.destroy())
      of(id).insert([rowOf(id, -request)])
      return true
    },
  })
  const read = await formSubmissions(openClient(t, origin, {}, instantClock)).toArray()
  t.strictSame(namesOf(read), [...named('a', upTo(199, 6)), ...named('b', upTo(29, 6))])
})

/** Reads `count` submissions, then leaves the loop. */
async function readSome(t: Test, origin: string, count: number, options: FormSubmissionsOptions = {}) {
  const source = formSubmissions(openClient(t, origin), options)
  const read: string[] = []
  if (count > 0)
    for await (const submission of source) {
      read.push(nameOf(submission))
      if (read.length === count) break
    }
  return { read, position: jsonCopy(source.position) }
}

t.test('formSubmissions: a restart at every position continues, although others arrived', async t => {
  const ages = [6, 7, 7, 7, 8, 9, 10, 11, 11, 12, 13]
  const list = [
    formOf('a', upTo(9, 6)),
    formOf(
      'b',
      ages.map((age, n) => age + n / 10),
    ),
    formOf('c', upTo(4, 6)),
  ]
  const { origin, of } = await formServer(t, list, { pageSize: 4 })
  const all = (await readSome(t, origin, Number.POSITIVE_INFINITY)).read
  t.equal(all.length, 24)
  for (let count = 0; count <= all.length; count += 1) {
    const { read, position } = await readSome(t, origin, count)
    t.equal(position.records, count)
    of('b').insert([rowOf('b', -count)])
    const { length } = read
    const rest = await readSome(t, origin, Number.POSITIVE_INFINITY, {
      ...(length === 0 ? { until: serverNow - 5 * minute } : { from: position }),
    })
    t.strictSame([...read, ...rest.read], all, `after ${count}`)
  }
})

t.test('formSubmissions: a restart whose cursor is refused starts at the newest submission', async t => {
  const { origin } = await formServer(t, [formOf('a', upTo(30, 6)), formOf('b', upTo(3, 6))], {
    pageSize: 10,
    intercept({ searchParams }, response) {
      if (searchParams.get('after') !== 'old') return false
      response.writeHead(400).end('{"message":"the cursor is malformed"}')
      return true
    },
  })
  const { read, position } = await readSome(t, origin, 25)
  const from = { ...position, after: 'old' }
  const rest = await readSome(t, origin, Number.POSITIVE_INFINITY, { from })
  t.strictSame([...read, ...rest.read], [...named('a', upTo(30, 6)), ...named('b', upTo(3, 6))])
})

t.test('formSubmissions: forms that refuse are left out and reported', async t => {
  const gone = { id: 'gone', refusal: [404, { message: 'no such form' }] as [number, object] }
  const { origin } = await formServer(t, [
    blog,
    formOf('a', [7]),
    gone,
    formOf('secret', [8], { refusal: forbidden }),
    formOf('z', [9]),
  ])
  const sink = toArray<FormSubmission>({ max: 10 })
  const report = await run(formSubmissions(openClient(t, origin)), sink)
  t.strictSame(namesOf(sink.records), ['a-7', 'z-9'])
  t.match(report.forms, {
    count: 5,
    refused: {
      count: 3,
      forms: [
        { formGuid: 'blog', status: 400, reason: /FORM_TYPE_NOT_ALLOWED|not allowed/ },
        { formGuid: 'gone', status: 404, reason: /no such form/ },
        { formGuid: 'secret', formName: 'Form secret', status: 403, reason: /lacks a scope/ },
      ],
    },
  })
})

t.test('formSubmissions: a scope that is missing for every form is AUTH', async t => {
  const refused = ['a', 'b', 'c'].map(id => formOf(id, [7], { refusal: forbidden }))
  const { origin } = await formServer(t, [blog, ...refused])
  t.match(await failureOf(formSubmissions(openClient(t, origin)).toArray()), {
    code: 'AUTH',
    message: /lacks a scope/,
    context: { status: 403 },
  })
  const others = await formServer(t, [blog])
  t.strictSame(await formSubmissions(openClient(t, others.origin)).toArray(), [])
  const none = await formServer(t, [])
  t.strictSame(await formSubmissions(openClient(t, none.origin)).toArray(), [])
})

t.test('formSubmissions: other refusals end the list', async t => {
  const { origin } = await formServer(t, [formOf('a', [7], { refusal: [400, { message: 'bad limit' }] })])
  t.match(await failureOf(formSubmissions(openClient(t, origin)).toArray()), {
    code: 'HTTP',
    message: /bad limit/,
  })
})

t.test('formSubmissions: ids of forms that the portal does not have are OPTION', async t => {
  const { origin, targets } = await formServer(t, [formOf('a', [7])])
  const work = new Workplace(t)
  const options = { forms: ['a', 'b', 'c'] }
  for (const checkpoint of [undefined, work.checkpoint]) {
    const source = formSubmissions(openClient(t, origin), options)
    t.match(await failureOf(run(source, toFile(work.file('out.ndjson')), { checkpoint })), {
      code: 'OPTION',
      message: "formSubmissions(): forms: expected ids of forms of the portal, received [ 'b', 'c' ]",
    })
    t.strictSame(work.names, [], 'nothing is written')
  }
  t.equal(targets.filter(target => target.includes('submissions')).length, 0)
})

t.test('formSubmissions: an element that is not a submission goes to validate, or is DECODE', async t => {
  const { origin } = await formServer(t, [formOf('a', [7])], {
    intercept({ pathname }, response) {
      if (pathname === '/marketing/v3/forms') return false
      response.end(`{"results":[null,${JSON.stringify(rowOf('a', 7))}]}`)
      return true
    },
  })
  t.match(await failureOf(formSubmissions(openClient(t, origin)).toArray()), {
    code: 'DECODE',
    message: /it is null, expected a form submission \(an object\)/,
  })
  const work = new Workplace(t)
  const sink = toArray({ max: 5 })
  const schema = { type: 'object', required: ['submittedAt'] }
  const quarantine = work.file('rejected.ndjson')
  const invalid = validate({ schema, onInvalid: 'quarantine', quarantine })
  const report = await run(formSubmissions(openClient(t, origin)), invalid as never, sink)
  t.match(report, { quarantined: 1, records: 1 })
  t.match(work.lines('rejected.ndjson'), [{ raw: 'null' }])
})

t.test('formSubmissions: limit, and a list of forms without ids', async t => {
  const { origin } = await formServer(t, [formOf('a', upTo(60, 6)), formOf('b', upTo(60, 6))])
  const client = openClient(t, origin)
  t.strictSame(namesOf(await formSubmissions(client, { limit: 62 }).toArray()), [
    ...named('a', upTo(60, 6)),
    ...named('b', [6, 7]),
  ])
  const strange = await formServer(t, [], {
    intercept(_, response) {
      response.end('{"results":[{"name":"x"}]}')
      return true
    },
  })
  t.match(await failureOf(formSubmissions(openClient(t, strange.origin)).toArray()), {
    code: 'DECODE',
    message: "the list of forms: expected forms with an id, received { name: 'x' }",
  })
})

t.test('formSubmissions: wrong options have clear errors', async t => {
  const { origin } = await formServer(t, [])
  const client = openClient(t, origin)
  const wrong: [options: object, message: string][] = [
    [
      { forms: [] },
      'formSubmissions(): forms: expected ids of forms, as an array of strings that is not empty',
    ],
    [{ form: 'x' }, 'formSubmissions(): unknown option "form"; it is called forms, and is an array of ids'],
    [
      { since: new Date('no') },
      'formSubmissions(): since: expected a Date that is valid and not before 1970',
    ],
    [{ since: 5, until: 4 }, 'formSubmissions(): until: expected 5 or later with since 5, received 4'],
    [{ accessToken: 'x' }, 'formSubmissions(): unknown option "accessToken"; it belongs to the client'],
    [
      { from: { paging: 'forms', records: 1, ids: [] } },
      'formSubmissions(): from: expected the value of `position`',
    ],
  ]
  for (const [options, message] of wrong) {
    const error = (await failureOf(() => formSubmissions(client, options))) as Error
    t.ok(error.message.startsWith(message), error.message)
  }
})

/** Exports to a file named by the time. */
function exportNext(
  t: Test,
  work: Workplace,
  origin: string,
  given: { signal?: AbortSignal; onRecord?: () => void; options?: FormSubmissionsOptions } = {},
) {
  const { signal, onRecord = () => {}, options } = given
  return runWithCheckpoint(work, {
    source: formSubmissions(openClient(t, origin), { lag: 0, ...options }),
    operators: peek(onRecord),
    sink: toFile(work.file('submissions-{time}.ndjson')),
    every: 10,
    checkpoint: { whenFinished: 'next', version: '1' },
    ...(signal === undefined ? {} : { signal }),
  })
}

t.test(
  "formSubmissions: run() with a checkpoint resumes, and 'next' reads what was submitted since",
  async t => {
    let now = serverNow
    const { origin, of, forms, targets } = await formServer(
      t,
      [formOf('a', upTo(130)), formOf('b', upTo(120)), formOf('secret', upTo(9), { refusal: forbidden })],
      {
        intercept(_, response) {
          const { writeHead } = response
          response.writeHead = (status: number) =>
            writeHead.call(response, status, { date: new Date(now).toUTCString() })
          return false
        },
      },
    )
    const work = new Workplace(t)
    const stop = new AbortController()
    let count = 0
    const onRecord = () => {
      count += 1
      if (count === 171) stop.abort(new Error('stopped'))
    }
    t.match(await failureOf(exportNext(t, work, origin, { signal: stop.signal, onRecord })), {
      message: 'stopped',
    })
    now += 60 * minute
    of('b').insert(upTo(80, -85).map(age => rowOf('b', age)))
    const first = await exportNext(t, work, origin)
    t.match(first, { leads: 250, checkpoint: { starts: 2, found: 'running' }, forms: { until: serverNow } })
    const [file = ''] = work.names.filter(name => name.startsWith('submissions-'))
    t.strictSame(namesOf(work.lines(file)), [...named('a', upTo(130)), ...named('b', upTo(120))])

    now = serverNow + 20 * minute
    forms.push(formOf('new', upTo(3, -15)))
    const secret = forms.find(({ id }) => id === 'secret') as ServedForm
    delete secret.refusal
    targets.length = 0
    const second = await exportNext(t, work, origin, {})
    t.match(second, { forms: { since: serverNow - 10 * minute, until: now, refused: { count: 0 } } })
    const [, next = ''] = work.names.filter(name => name.startsWith('submissions-'))
    t.strictSame(namesOf(work.lines(next)), [
      ...named('a', upTo(6)),
      ...named(
        'b',
        [...upTo(14, -19), ...upTo(6)].filter(age => age < -5 || age >= 5),
      ),
      ...named('new', upTo(3, -15)),
      ...named('secret', upTo(9)),
    ])
    t.match(await failureOf(exportNext(t, work, origin, { options: { until: now } })), {
      code: 'OPTION',
      context: { option: 'until' },
    })
  },
)
