import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { compose, explodeEvents, explodeFormValues, type Lead } from '../../lib/index.ts'
import { settings } from '../support/settings.ts'

const fused = settings['fused in run'] as (typeof settings)[string]

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

t.test('leads without events, and events without values, give none', async t => {
  const leads = [{ guid: 'a' }, { guid: 'b', leadConversionEvents: [] }]
  t.strictSame(await fused(leads, () => explodeEvents()), [])
  const records = [
    { guid: 'a', conversionEvent: {} },
    { guid: 'b', conversionEvent: { formSubmissionValues: [] } },
  ]
  t.strictSame(await fused(records, () => explodeFormValues()), [])
})

t.test("the documentation's example, exactly", async t => {
  const file = new URL('../portal/fixtures/lead-sample.json', import.meta.url)
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
  t.test(`any leads: as many records as events, and they give the leads back: ${setting}`, async t => {
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
        const own = records.slice(next, next + (lead.leadConversionEvents?.length ?? 0))
        next += own.length
        if (own.length === 0) continue
        const { conversionEvent: _, ...rest } = own[0] as { conversionEvent: object }
        const back = { ...rest, leadConversionEvents: own.map(record => record.conversionEvent) }
        assert.deepEqual(back, lead)
      }
    })
    await t.resolves(fc.assert(property, { numRuns: 40 }))
  })
}

t.test('any leads: as many records as form values', async t => {
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
