import t from 'tap'
import type { FormSubmission } from '../../../lib/index.ts'
import { validate } from '../../../lib/operators/validate.ts'
import { createPortal, generateLeads } from '../../../lib/portal/index.ts'
import { run } from '../../../lib/run/run.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { formSubmissions } from '../../../lib/sources/crm/formSubmissions.ts'
import { failureOf } from '../../support/failureOf.ts'
import {
  formOf,
  formServer,
  minute,
  named,
  namesOf,
  rowOf,
  type ServedForm,
  serverNow,
  upTo,
} from '../../support/formServer.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'
import { Workplace } from '../../support/Workplace.ts'

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
    const decoded = formSubmissions(openClient(t, origin), { decode: 'stream-json' })
    t.strictSame(await decoded.toArray(), await read(1))
  },
)

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

t.test(
  'formSubmissions: a form of a type without submissions is left out, also if its refusal breaks off',
  async t => {
    const forms = [formOf('a', [7]), { id: 'blog', formType: 'blog_comment' }]
    const { origin } = await formServer(t, forms, {
      intercept({ pathname }, response) {
        if (!pathname.endsWith('/blog')) return false
        response.writeHead(400, { 'content-length': 1_000 })
        response.write('{"status":"error","cat', () => response.destroy())
        return true
      },
    })
    const source = formSubmissions(openClient(t, origin))
    t.strictSame(namesOf(await source.toArray()), ['a-7'])
    t.match(source.forms, { refused: { forms: [{ formGuid: 'blog', status: 400 }] } })
  },
)

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
      response.end(`{"results":[null,{},{"submittedAt":2.50},${JSON.stringify(rowOf('a', 7))}]}`)
      return true
    },
  })
  t.match(await failureOf(formSubmissions(openClient(t, origin)).toArray()), {
    code: 'DECODE',
    message: /it is null, expected a form submission \(an object\)/,
  })
  const work = new Workplace(t)
  const sink = toArray({ max: 5 })
  const schema = { type: 'object', required: ['conversionId'] }
  const quarantine = work.file('rejected.ndjson')
  const invalid = validate({ schema, onInvalid: 'quarantine', quarantine })
  const report = await run(formSubmissions(openClient(t, origin)), invalid as never, sink)
  t.match(report, { quarantined: 3, records: 1 })
  t.match(work.lines('rejected.ndjson'), [
    { raw: 'null' },
    { raw: '{"formGuid":"a","formName":"Form a"}' },
    { raw: '{"submittedAt":2.50,"formGuid":"a","formName":"Form a"}' },
  ])
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
