import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import type { Lead } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explode, explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { failureOf } from '../support/failureOf.ts'
import { root } from '../support/root.ts'
import { settings } from '../support/settings.ts'

const fused = settings['fused in run'] as (typeof settings)[string]
const exploded = (value: unknown, path: string, options?: object) =>
  fused([value], () => explode(path as never, options))

t.test('explode: one record per item, under the last part of the path or the given name', async t => {
  t.strictSame(await exploded({ n: 1, tags: ['a', 'b'] }, 'tags'), [
    { n: 1, tags: 'a' },
    { n: 1, tags: 'b' },
  ])
  t.strictSame(await exploded({ n: 1, tags: ['a', 'b'] }, 'tags', { as: 'tag' }), [
    { n: 1, tag: 'a' },
    { n: 1, tag: 'b' },
  ])
})

t.test(
  'explode: of a nested path the array is removed, and the item is a field of the record itself',
  async t => {
    const value = { guid: 'g', event: { name: 'e', inner: { values: [1, 2], more: true } } }
    t.strictSame(await exploded(value, 'event.inner.values', { as: 'value' }), [
      { guid: 'g', event: { name: 'e', inner: { more: true } }, value: 1 },
      { guid: 'g', event: { name: 'e', inner: { more: true } }, value: 2 },
    ])
  },
)

t.test('explode: items of every kind are kept, null and undefined included', async t => {
  const items = [null, undefined, 0, '', false, [], [[1]], {}]
  t.strictSame(
    await exploded({ items }, 'items', { as: 'item' }),
    items.map(item => ({ item })),
  )
})

for (const [what, value] of Object.entries({
  'empty arrays': { n: 1, a: { tags: [] }, tags: [] },
  'missing arrays': { n: 1, a: {} },
  nulls: { n: 1, a: { tags: null }, tags: null },
  'empty texts': { n: 1, a: { tags: '' }, tags: '' },
  'undefined values': { n: 1, a: { tags: undefined }, tags: undefined },
})) {
  t.test(`explode: ${what} emit no record, or with keepEmpty the value without an item`, async t => {
    t.strictSame(await exploded(value, 'tags', { as: 'tag' }), [])
    t.strictSame(await exploded(value, 'tags', { as: 'tag', keepEmpty: false }), [])
    const [kept] = await exploded(value, 'tags', { as: 'tag', keepEmpty: true })
    t.strictSame(JSON.parse(JSON.stringify(kept)), JSON.parse(JSON.stringify({ ...value, tags: undefined })))
    t.strictSame(await exploded(value, 'a.tags', { as: 'tag' }), [])
    const [nested] = await exploded(value, 'a.tags', { as: 'tag', keepEmpty: true })
    t.strictSame(nested, { ...value, a: {} })
  })
}

t.test('explode: keepEmpty keeps the values on the path to a missing array unchanged', async t => {
  for (const inner of [null, undefined, 'text', 7, true, ['x'], {}]) {
    const value = { n: 1, inner }
    t.strictSame(await exploded(value, 'inner.tags', { as: 'tag', keepEmpty: true }), [value])
    t.strictSame(await exploded(value, 'inner.more.tags', { as: 'tag', keepEmpty: true }), [value])
  }
  t.strictSame(await exploded({ n: 1 }, 'no.tags', { keepEmpty: true }), [{ n: 1 }])
})

t.test('explode: a path through an item of an array keeps the outer array', async t => {
  const value = { events: [{ values: [1, 2] }, { values: [3] }], rows: [['a', 'b'], ['c']] }
  t.strictSame(await exploded(value, 'events.0.values', { as: 'value' }), [
    { ...value, events: [{}, { values: [3] }], value: 1 },
    { ...value, events: [{}, { values: [3] }], value: 2 },
  ])
  t.strictSame(await exploded(value, 'rows.0', { as: 'cell' }), [
    { ...value, rows: [['c']], cell: 'a' },
    { ...value, rows: [['c']], cell: 'b' },
  ])
})

t.test(
  'explode: a key that equals the whole path takes precedence, since project makes such keys',
  async t => {
    const value = { 'event.values': [1, 2], event: { values: [3] } }
    t.strictSame(await exploded(value, 'event.values', { as: 'value' }), [
      { event: { values: [3] }, value: 1 },
      { event: { values: [3] }, value: 2 },
    ])
  },
)

t.test('explode: a value that is not an array is an OPERATOR error with the lead', async t => {
  for (const [tags, found] of [
    ['text', 'a string'],
    [7, 'a number'],
    [false, 'a boolean'],
    [{ length: 1 }, 'an object'],
  ]) {
    t.match(await failureOf(exploded({ guid: 'g', tags }, 'tags')), {
      code: 'OPERATOR',
      message: `explode, lead g: expected an array at tags, found ${found}`,
    })
  }
})

t.test(
  'explode: a name that the value already has is an OPERATOR error, since a field would be lost',
  async t => {
    for (const [value, path, options, name] of [
      [{ tag: 0, tags: [1] }, 'tags', { as: 'tag' }, 'tag'],
      [{ values: 0, event: { values: [1] } }, 'event.values', undefined, 'values'],
      [{ event: { values: [1] } }, 'event.values', { as: 'event' }, 'event'],
      [{ tag: undefined, tags: [1] }, 'tags', { as: 'tag' }, 'tag'],
    ] as const) {
      t.match(await failureOf(exploded(value, path, options)), {
        code: 'OPERATOR',
        message: `explode: the value already has a field "${name}": choose another with { as }`,
      })
    }
  },
)

t.test('explode: names of the prototype are ordinary names', async t => {
  const value = JSON.parse('{"__proto__": {"tags": ["a"]}, "toString": [1], "n": 1}')
  t.strictSame(await exploded(value, 'toString', { as: 'constructor' }), [
    JSON.parse('{"__proto__": {"tags": ["a"]}, "n": 1, "constructor": 1}'),
  ])
  const [record] = await exploded(value, '__proto__.tags', { as: 'tag' })
  t.equal(JSON.stringify(record), '{"__proto__":{},"toString":[1],"n":1,"tag":"a"}')
  t.equal(Object.getPrototypeOf(record), Object.prototype)
  t.equal(({} as { tags?: unknown }).tags, undefined)
  t.strictSame(await exploded({ n: 1 }, 'toString'), [])
})

t.test('explode: the value is not changed, and fields outside the path are shared', async t => {
  const value = { beside: {}, event: { beside: {}, values: [{}, {}] } }
  const before = structuredClone(value)
  const records = (await exploded(value, 'event.values', { as: 'value' })) as {
    beside: object
    event: { beside: object }
    value: object
  }[]
  t.strictSame(value, before)
  for (const [index, record] of records.entries()) {
    t.equal(record.beside, value.beside)
    t.equal(record.event.beside, value.event.beside)
    t.equal(record.value, value.event.values[index])
  }
})

t.test('explode: wrong arguments are an OPTION error', async t => {
  const path = 'expected a dotted path, for example "crmDetails.status"'
  for (const [given, message] of [
    [[undefined], `explode(): path: ${path}, received undefined`],
    [[''], `explode(): path: ${path}, received ''`],
    [[['tags']], `explode(): path: ${path}, received [ 'tags' ]`],
    [['tags', { as: '' }], "explode(): as: expected a name for a field, received ''"],
    [['tags', { as: '__proto__' }], "explode(): as: expected a name for a field, received '__proto__'"],
    [['tags', { as: 7 }], 'explode(): as: expected a name for a field, received 7'],
    [['tags', { keepEmpty: 'yes' }], "explode(): keepEmpty: expected true or false, received 'yes'"],
    [['tags', { name: 'tag' }], 'explode(): unknown option "name"; expected one of as, keepEmpty'],
    [['tags', 'tag'], "explode(): options: expected an object, received 'tag'"],
  ]) {
    t.throws(() => (explode as (...given: unknown[]) => unknown)(...(given as unknown[])), {
      code: 'OPTION',
      message,
    })
  }
})

t.test('explodeEvents: the lead without leadConversionEvents, plus conversionEvent', async t => {
  const events = [
    { guid: 'e1', formName: 'one', unknown: 1 },
    { guid: 'e2', formSubmissionValues: [{ fieldName: 'f' }] },
  ]
  t.strictSame(await fused([{ guid: 'l', more: [1], leadConversionEvents: events }], () => explodeEvents()), [
    { guid: 'l', more: [1], conversionEvent: events[0] },
    { guid: 'l', more: [1], conversionEvent: events[1] },
  ])
})

t.test('explodeFormValues: the event without formSubmissionValues, plus formValue', async t => {
  const conversionEvent = {
    guid: 'e',
    formName: 'one',
    formSubmissionValues: [{ id: 1 }, { id: 2, x: null }],
  }
  t.strictSame(await fused([{ guid: 'l', conversionEvent }], () => explodeFormValues()), [
    { guid: 'l', conversionEvent: { guid: 'e', formName: 'one' }, formValue: { id: 1 } },
    { guid: 'l', conversionEvent: { guid: 'e', formName: 'one' }, formValue: { id: 2, x: null } },
  ])
})

t.test(
  'explodeEvents and explodeFormValues emit nothing for leads without events and events without values',
  async t => {
    const leads = [{ guid: 'a' }, { guid: 'b', leadConversionEvents: [] }]
    t.strictSame(await fused(leads, () => explodeEvents()), [])
    const records = [
      { guid: 'a', conversionEvent: {} },
      { guid: 'b', conversionEvent: { formSubmissionValues: [] } },
    ]
    t.strictSame(await fused(records, () => explodeFormValues()), [])
  },
)

t.test("explodeEvents and explodeFormValues explode the documentation's example exactly", async t => {
  const file = `${root}test/portal/fixtures/lead-sample.json`
  const leads = JSON.parse(readFileSync(file, 'utf8')) as Lead[]
  const expected = leads.flatMap(({ leadConversionEvents = [], ...lead }) =>
    leadConversionEvents.flatMap(({ formSubmissionValues = [], ...event }) =>
      formSubmissionValues.map(formValue => ({ ...lead, conversionEvent: event, formValue })),
    ),
  )
  t.ok(expected.length > 0)
  t.strictSame(await fused(leads, () => compose(explodeEvents<Lead>(), explodeFormValues())), expected)
})

const values = fc.array(fc.record({ fieldName: fc.string(), fieldValue: fc.string() }), { maxLength: 3 })
const event = fc.record(
  { guid: fc.string(), formName: fc.string(), formSubmissionValues: values },
  { requiredKeys: ['guid'] },
)
const leads = fc
  .array(
    fc.record(
      {
        guid: fc.string({ minLength: 1 }),
        email: fc.emailAddress(),
        other: fc.jsonValue({ maxDepth: 2 }),
        leadConversionEvents: fc.array(event, { maxLength: 4 }),
      },
      { requiredKeys: ['guid'] },
    ),
    { maxLength: 6 },
  )
  .map(given => structuredClone(given))

for (const [setting, through] of Object.entries(settings)) {
  t.test(`explodeEvents: any leads can be rebuilt from their records: ${setting}`, async t => {
    const property = fc.asyncProperty(leads, async given => {
      const before = structuredClone(given)
      const records = (await through(given, () => explodeEvents())) as {
        guid: string
        conversionEvent: object
      }[]
      assert.deepEqual(given, before, 'the leads are not changed')
      const events = given.flatMap(lead => lead.leadConversionEvents ?? [])
      assert.equal(records.length, events.length)
      let next = 0
      for (const lead of given) {
        const recordsOfLead = records.slice(next, next + (lead.leadConversionEvents?.length ?? 0))
        next += recordsOfLead.length
        if (recordsOfLead.length === 0) continue
        const { conversionEvent: _, ...rest } = recordsOfLead[0] as { conversionEvent: object }
        const back = { ...rest, leadConversionEvents: recordsOfLead.map(record => record.conversionEvent) }
        assert.deepEqual(back, lead)
      }
    })
    await t.resolves(fc.assert(property, { numRuns: 40 }))
  })
}

t.test('explodeFormValues: any leads emit one record per form value', async t => {
  const property = fc.asyncProperty(leads, async given => {
    const records = await fused(given, () => compose(explodeEvents(), explodeFormValues()))
    const all = given
      .flatMap(lead => lead.leadConversionEvents ?? [])
      .flatMap(e => e.formSubmissionValues ?? [])
    assert.deepEqual(
      records.map(record => (record as { formValue: unknown }).formValue),
      all,
    )
  })
  await t.resolves(fc.assert(property, { numRuns: 40 }))
})
