import t from 'tap'
import { selectNotes } from '../../lib/cli/selectNotes.ts'

const unknown = (field: string) =>
  `--select: "${field}" is not a documented field; records have it if the portal sends it`
const needs = (field: string, explode: string) => `--select: "${field}" exists only with --explode ${explode}`
const events = 'leadConversionEvents'

const cases: [path: string, explode: 'events' | 'values' | undefined, note: string | undefined][] = [
  ['guid', undefined, undefined],
  ['emial', undefined, unknown('emial')],
  ['emial.deeper', undefined, unknown('emial')],
  ['crmDetails.status', undefined, undefined],
  ['crmDetails.statsu', undefined, unknown('crmDetails.statsu')],
  ['guid.length', undefined, unknown('guid.length')],
  ['toString', undefined, unknown('toString')],
  [`${events}.0.formName`, undefined, undefined],
  [`${events}.0.fromName`, undefined, unknown(`${events}.0.fromName`)],
  [`${events}.formName`, undefined, unknown(`${events}.formName`)],
  [`${events}.0.formSubmissionValues.1.fieldName`, undefined, undefined],
  ['leadDeleteLogs.0.anything.deeper', undefined, undefined],
  ['conversionEvent.formName', undefined, needs('conversionEvent', 'events')],
  ['formValue.fieldName', undefined, needs('formValue', 'values')],
  ['conversionEvent.formName', 'events', undefined],
  ['conversionEvent.fromName', 'events', unknown('conversionEvent.fromName')],
  ['conversionEvent.formSubmissionValues', 'events', undefined],
  ['formValue', 'events', needs('formValue', 'values')],
  [events, 'events', unknown(events)],
  ['conversionEvent.formName', 'values', undefined],
  ['conversionEvent.formSubmissionValues', 'values', unknown('conversionEvent.formSubmissionValues')],
  ['formValue.fieldName', 'values', undefined],
  ['formValue.feildName', 'values', unknown('formValue.feildName')],
]
for (const [path, explode, note] of cases) {
  t.test(`selectNotes: ${path} with ${explode ?? 'no'} explode: ${note ?? 'no note'}`, async t => {
    t.strictSame(selectNotes({ name: path }, explode), note === undefined ? [] : [note])
  })
}

t.test('selectNotes: each unknown field has one note', async t => {
  t.strictSame(selectNotes({ a: 'emial', b: 'guid', c: 'emial' }), [unknown('emial')])
  t.strictSame(selectNotes(undefined), [])
})
