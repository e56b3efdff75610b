import t from 'tap'
import { checkSelect } from '../../lib/cli/checkSelect.ts'

const unknown = (field: string) =>
  `expected documented fields of the records, received "${field}"; check its spelling, or give --allow-undocumented if the portal sends it`
const needs = (field: string, explode: string) =>
  `expected documented fields of the records, received "${field}"; it exists only with --explode ${explode}`
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
for (const [path, explode, problem] of cases) {
  t.test(`checkSelect: ${path} with ${explode ?? 'no'} explode: ${problem ?? 'accepted'}`, async t => {
    const check = () => checkSelect('leads', { select: { name: path }, explode })
    if (problem === undefined) t.doesNotThrow(check)
    else t.throws(check, { code: 'OPTION', message: `project(): ${problem}` })
  })
}

t.test('checkSelect: nothing is refused without --select, or with --allow-undocumented', async t => {
  const select = { a: 'emial', b: 'conversionEvent.formName' }
  t.doesNotThrow(() => checkSelect('leads', {}))
  t.doesNotThrow(() => checkSelect('leads', { select, allowUndocumented: true }))
})

t.test('checkSelect: the events are refused if --exclude-conversion-events leaves them out', async t => {
  const select = { events }
  checkSelect('leads', { select })
  t.throws(() => checkSelect('leads', { select, excludeConversionEvents: true }), {
    code: 'OPTION',
    message: /"leadConversionEvents"; it is left out by --exclude-conversion-events$/,
  })
})
