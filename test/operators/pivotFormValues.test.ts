import t from 'tap'
import type { PivotOptions } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { flatten } from '../../lib/operators/flatten.ts'
import { mask } from '../../lib/operators/mask.ts'
import { pivotFormValues } from '../../lib/operators/pivotFormValues.ts'
import { generateLeads } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'

const typed = (...values: [name: unknown, value: unknown, label?: string][]) =>
  values.map(([fieldName, fieldValue, fieldLabel]) => ({ fieldName, fieldValue, fieldLabel }))

async function pivoted(value: unknown, options?: PivotOptions) {
  const sink = toArray<Record<string, unknown>>({ max: 9 })
  await run([value], pivotFormValues(options) as never, sink as never)
  return sink.records[0]
}

/** The columns of an event with these form values. */
const columns = async (values: unknown, options?: PivotOptions) =>
  (await pivoted({ conversionEvent: { formSubmissionValues: values } }, options))?.formValues

t.test(
  'pivotFormValues: one column for each field, in the order of the form; the rest of the record stays',
  async t => {
    const value = {
      guid: 'g',
      conversionEvent: {
        guid: 'e',
        formSubmissionValues: typed(['b', '1'], ['a', '2'], ['c', null], ['d', '']),
      },
    }
    const before = structuredClone(value)
    const record = await pivoted(value)
    t.equal(
      JSON.stringify(record),
      '{"guid":"g","conversionEvent":{"guid":"e"},"formValues":{"b":"1","a":"2","c":null,"d":""}}',
    )
    t.strictSame(value, before)
  },
)

t.test('pivotFormValues: repeated fields by each rule', async t => {
  const values = typed(
    ['a', 'x'],
    ['b', 'only'],
    ['a', ''],
    ['a', 'y;z'],
    ['a', null],
    ['n', null],
    ['n', ''],
  )
  t.strictSame(await columns(values), { a: 'x;y;z', b: 'only', n: null })
  t.strictSame(await columns(values, { repeated: 'first' }), { a: 'x', b: 'only', n: null })
  t.strictSame(await columns(values, { repeated: 'last' }), { a: null, b: 'only', n: '' })
  t.strictSame(await columns(values, { repeated: 'all' }), {
    a: ['x', '', 'y;z', null],
    b: ['only'],
    n: [null, ''],
  })
})

t.test('pivotFormValues: fields of your own are in every record, in their order', async t => {
  const values = typed(['b', '1'], ['a', '2'])
  t.equal(JSON.stringify(await columns(values, { fields: ['x', 'a'] })), '{"x":null,"a":"2"}')
  t.equal(JSON.stringify(await columns([], { fields: ['x', 'a'], repeated: 'all' })), '{"x":[],"a":[]}')
})

t.test('pivotFormValues: a submission of today', async t => {
  const value = {
    formGuid: 'f',
    values: [
      { name: 'plan', value: 'a' },
      { name: 'plan', value: 'b' },
    ],
  }
  t.strictSame(await pivoted(value, { as: 'columns' }), { formGuid: 'f', columns: { plan: 'a;b' } })
})

t.test('pivotFormValues: missing values, names and events', async t => {
  for (const values of [undefined, null, '', []]) t.strictSame(await columns(values), {})
  t.strictSame(await columns(typed(['', '1', 'Label'], [undefined, '2', 'Other'], [null, '3'])), {
    Label: '1',
    Other: '2',
    '': '3',
  })
  t.strictSame(await columns([null, {}]), { '': null })
  t.strictSame(await pivoted({ conversionEvent: null }), { conversionEvent: null, formValues: {} })
  t.strictSame(await pivoted({}), { formValues: {} })
})

t.test('pivotFormValues: names of a prototype are ordinary names', async t => {
  const record = (await columns(typed(['__proto__', '1'], ['constructor', '2'], ['toString', '3']))) as object
  t.equal(JSON.stringify(record), '{"__proto__":"1","constructor":"2","toString":"3"}')
  t.equal(Object.getPrototypeOf(record), Object.prototype)
})

t.test(
  'pivotFormValues: what is not an array, and a field that the record already has, are OPERATOR errors',
  async t => {
    t.match(await failureOf(columns({})), {
      code: 'OPERATOR',
      message:
        'pivotFormValues: expected an array at conversionEvent.formSubmissionValues, found a value of type object',
    })
    t.match(await failureOf(pivoted({ guid: 'g', formValues: 1, conversionEvent: {} })), {
      code: 'OPERATOR',
      message:
        'pivotFormValues, lead g: the value already has a field "formValues": choose another with { as }',
    })
  },
)

t.test(
  'pivotFormValues: every form value of 300 leads is in its column, also after mask and flatten',
  async t => {
    const leads = [...generateLeads({ count: 300 })]
    const sink = toArray<Record<string, unknown>>({ max: 9_999 })
    await run(leads, explodeEvents(), pivotFormValues(), flatten(), sink)
    const events = leads.flatMap(lead => lead.leadConversionEvents ?? [])
    t.equal(sink.records.length, events.length)
    for (const [index, event] of events.entries()) {
      for (const { fieldName, fieldValue } of event.formSubmissionValues ?? [])
        t.equal(sink.records[index]?.[`formValues.${fieldName}`], fieldValue)
    }
    const masked = toArray<Record<string, unknown>>({ max: 9_999 })
    await run(
      leads,
      mask({ how: 'hash', key: 'a key of 16 bytes' }),
      compose(explodeEvents(), pivotFormValues()) as never,
      flatten(),
      masked,
    )
    const emails = masked.records.map(record => record['formValues.Email']).filter(Boolean)
    t.ok(emails.length > 100)
    for (const email of emails) t.match(email, /^[0-9a-f]{64}$/)
  },
)

t.test('pivotFormValues: wrong options are OPTION errors', t => {
  for (const [options, message] of [
    [
      { fields: [] },
      'pivotFormValues(): fields: expected a list of different names of form fields, received []',
    ],
    [
      { fields: ['a', 'a'] },
      "pivotFormValues(): fields: expected a list of different names of form fields, received [ 'a', 'a' ]",
    ],
    [
      { repeated: 'sum' },
      'pivotFormValues(): repeated: expected "join", "first", "last" or "all", received \'sum\'',
    ],
    [{ as: '__proto__' }, "pivotFormValues(): as: expected a name for a field, received '__proto__'"],
  ])
    t.throws(() => pivotFormValues(options as never), { code: 'OPTION', message })
  t.end()
})
