import fc from 'fast-check'
import t from 'tap'
import { compose } from '../../lib/operators/compose.ts'
import { summarize } from '../../lib/operators/summarize.ts'
import { take } from '../../lib/operators/take.ts'
import { unknownFields } from '../../lib/operators/unknownFields.ts'
import { generateLeads } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { aLead } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { runWithRestarts } from './runWithRestarts.ts'

const summaryOf = async (values: unknown[], options: object) =>
  (await runWithRestarts([], values, () => summarize<unknown>(options as never))).out

t.test(
  'summarize: groups appear in the order of their first values, with the fields in the order of the options',
  async t => {
    const values = [
      { c: 'b', s: { n: 2 }, at: '2012-01-02' },
      { c: 'a', s: { n: 5 }, at: '2012-01-01' },
      { c: 'b', s: { n: 0.5 }, at: '2012-01-03' },
    ]
    const out = await summaryOf(values, {
      max: { last: 'at' },
      by: ['c'],
      sum: { total: 's.n' },
      min: { first: 'at', least: 's.n' },
    })
    t.equal(
      JSON.stringify(out),
      JSON.stringify([
        { c: 'b', count: 2, total: 2.5, first: '2012-01-02', least: 0.5, last: '2012-01-03' },
        { c: 'a', count: 1, total: 5, first: '2012-01-01', least: 5, last: '2012-01-01' },
      ]),
    )
  },
)

t.test('summarize: keys of different types are different groups; missing and null are one', async t => {
  const values = [1, '1', true, 'true', null, undefined, '', 1].map(c => ({ c }))
  t.strictSame(await summaryOf([...values, {}], { by: ['c'], count: 'n' }), [
    { c: 1, n: 2 },
    { c: '1', n: 1 },
    { c: true, n: 1 },
    { c: 'true', n: 1 },
    { c: null, n: 3 },
    { c: '', n: 1 },
  ])
})

t.test('summarize: null, "" and missing values are skipped in measures', async t => {
  const values = [{ n: null }, { n: '' }, {}, { n: 3 }]
  const options = { sum: { sum: 'n' }, min: { min: 'n' }, max: { max: 'n' } }
  t.strictSame(await summaryOf(values, options), [{ count: 4, sum: 3, min: 3, max: 3 }])
  t.strictSame(await summaryOf(values.slice(0, 3), options), [{ count: 3, sum: 0, min: null, max: null }])
})

t.test('summarize: the numbers are those of a plain computation, with restarts at any place', async t => {
  const property = fc.asyncProperty(
    fc.array(fc.record({ k: fc.integer({ min: 0, max: 3 }), n: fc.integer({ min: -99, max: 99 }) })),
    fc.array(fc.nat(30)),
    async (values, at) => {
      const cuts = [...new Set(at.filter(cut => cut <= values.length))].toSorted((a, b) => a - b)
      const make = () =>
        summarize<{ k: number; n: number }>({
          by: ['k'],
          sum: { s: 'n' },
          min: { a: 'n' },
          max: { b: 'n' },
        } as never)
      const { out } = await runWithRestarts(cuts, values, make)
      const keys = [...new Set(values.map(({ k }) => k))]
      t.strictSame(
        out,
        keys.map(k => {
          const numbers = values.filter(value => value.k === k).map(({ n }) => n)
          return {
            k,
            count: numbers.length,
            s: numbers.reduce((a, b) => a + b),
            a: Math.min(...numbers),
            b: Math.max(...numbers),
          }
        }),
      )
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

t.test('summarize: more groups than allowed are an OPERATOR error that says what to do', async t => {
  const values = ['a', 'b', 'a', 'c'].map(guid => ({ guid }))
  t.match(await failureOf(run(values, summarize({ by: ['guid'], maxGroups: 2 }), toArray({ max: 9 }))), {
    code: 'OPERATOR',
    message: 'summarize, lead c: there are more than 2 groups: give a higher { maxGroups }',
  })
})

t.test('summarize: values that can not be added or compared are OPERATOR errors', async t => {
  for (const [values, options, message] of [
    [['1'], { sum: { x: 'n' } }, 'expected a number for "x", found a value of type string'],
    [[Number.NaN], { sum: { x: 'n' } }, 'expected a number for "x", found NaN'],
    [[1e308, 1e308], { sum: { x: 'n' } }, 'the sum "x" is too large for a number'],
    [[1, '1'], { min: { x: 'n' } }, 'found numbers and texts for "x", which can\'t be compared'],
    [[true], { max: { x: 'n' } }, 'expected a number or a text for "x", found a value of type boolean'],
    [
      [{}],
      { by: ['n'] },
      'expected a text, a number or a boolean as the key "n", found a value of type object',
    ],
  ] as const) {
    const failure = await failureOf(
      run(
        values.map(n => ({ n })),
        summarize<unknown>(options as never),
        toArray({ max: 9 }),
      ),
    )
    t.match(failure, { code: 'OPERATOR', message: `summarize: ${message}` })
  }
})

t.test('summarize: after take, and its counts add up', async t => {
  const sink = toArray({ max: 9 })
  const report = await run(
    [...generateLeads({ count: 50 })],
    compose(take(20), summarize({ by: ['isCustomer'] })),
    sink,
  )
  t.equal(
    (sink.records as { count: number }[]).reduce((sum, { count }) => sum + count, 0),
    20,
  )
  t.match(report.operators[1], { name: 'summarize', in: 20, own: { summarized: 20 } })
})

t.test('summarize: names of a prototype are ordinary values', async t => {
  const values = [{ k: '__proto__' }, { k: 'constructor' }]
  t.strictSame(await summaryOf(values, { by: ['k'] }), [
    { k: '__proto__', count: 1 },
    { k: 'constructor', count: 1 },
  ])
})

t.test('summarize: wrong options are OPTION errors', t => {
  for (const [options, message] of [
    [
      { by: 7 },
      'summarize(): by: expected a list of paths, or a mapping of new name to path or function, received 7',
    ],
    [{ by: [] }, 'summarize(): by: expected at least one path, received []'],
    [
      { by: ['a..b'] },
      'summarize(): by.path 1: expected a dotted path, for example "crmDetails.status", received \'a..b\'',
    ],
    [
      { sum: ['a'] },
      "summarize(): sum: expected a mapping of new name to path or function, received [ 'a' ]",
    ],
    [
      { sum: { a: 7 } },
      'summarize(): sum.a: expected a dotted path, for example "crmDetails.status", received 7',
    ],
    [
      { by: ['a'], sum: { a: 'b' } },
      "summarize(): expected a different name for each field, received 'a' for two of them",
    ],
    [
      { by: ['count'] },
      "summarize(): expected a different name for each field, received 'count' for two of them",
    ],
    [{ maxGroups: 0 }, 'summarize(): maxGroups: expected an integer from 1 to 1000000, received 0'],
    [
      { min: JSON.parse('{"__proto__": "a"}') },
      "summarize(): min: expected a name for a field, received '__proto__'",
    ],
  ])
    t.throws(() => summarize(options as never), { code: 'OPTION', message })
  t.end()
})

const unknownOf = async (values: unknown[], options?: object) =>
  (await runWithRestarts([], values, () => unknownFields(options))).out

t.test('unknownFields: a lead with every documented field has none', async t => {
  t.strictSame(await unknownOf([...generateLeads({ count: 200 })]), [])
})

t.test('unknownFields: each one once, at every level, with its type and an example, but no data', async t => {
  const lead = {
    ...aLead(1, 2),
    'a/b~c': 'secret',
    list: [{ deep: 1 }],
    crmDetails: { status: 'Open', more: { x: 1 } },
    leadDeleteLogs: [{ id: 1 }],
    gone: undefined,
    none: null,
    flag: false,
  }
  Object.assign(lead.leadConversionEvents?.[1] ?? {}, { isNew: true })
  const out = await unknownOf([aLead(0), lead, { ...lead, guid: 'later' }])
  const guid = 'lead-1'
  t.strictSame(
    new Set(out),
    new Set([
      {
        path: 'leadConversionEvents.*.isNew',
        type: 'boolean',
        example: '/leadConversionEvents/1/isNew',
        guid,
      },
      { path: 'crmDetails.more', type: 'object', example: '/crmDetails/more', guid },
      { path: 'a/b~c', type: 'string', example: '/a~1b~0c', guid },
      { path: 'list', type: 'array', example: '/list', guid },
      { path: 'leadDeleteLogs.*.id', type: 'number', example: '/leadDeleteLogs/0/id', guid },
      { path: 'none', type: 'null', example: '/none', guid },
      { path: 'flag', type: 'boolean', example: '/flag', guid },
    ]),
  )
  t.notMatch(JSON.stringify(out), 'secret')
})

t.test('unknownFields: a schema of your own; what it does not describe further is not searched', async t => {
  const schema = {
    properties: {
      a: { properties: { b: {} } },
      open: { type: 'object' },
      list: { items: { properties: {} } },
    },
  }
  const value = JSON.parse(
    '{"a": {"b": {"x": 1}, "c": 2}, "open": {"y": 1}, "list": [{"z": 1}], "__proto__": 1, "toString": 2}',
  )
  const out = (await unknownOf([value], { schema })) as { path: string }[]
  t.strictSame(
    out.map(({ path }) => path),
    ['a.c', 'list.*.z', '__proto__', 'toString'],
  )
})

t.test('unknownFields: more than allowed are an OPERATOR error that says what to do', async t => {
  const failure = await failureOf(
    run([{ guid: 'g', x: 1, y: 2 }], unknownFields({ maxFields: 1 }), toArray({ max: 9 })),
  )
  t.match(failure, {
    code: 'OPERATOR',
    message: 'unknownFields, lead g: there are more than 1 unknown fields: give a higher { maxFields }',
  })
})

t.test('unknownFields: wrong options are OPTION errors', t => {
  t.throws(() => unknownFields({ schema: 'lead' as never }), {
    code: 'OPTION',
    message: "unknownFields(): schema: expected a JSON Schema (an object), received 'lead'",
  })
  t.end()
})
