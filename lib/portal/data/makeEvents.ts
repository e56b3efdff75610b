import type { ConversionEvent, FormSubmissionValue } from '../../lead/leadParts.ts'
import type { Person } from './makePerson.ts'
import { portalId } from './portalId.ts'
import type { Random } from './Random.ts'
import { type Field, type Form, forms } from './words/forms.ts'

const minute = 60_000
const day = 1_440 * minute

/** The percentage of web leads with each number of conversions. */
const webConversions = [
  { times: 0, weight: 18 },
  { times: 1, weight: 48 },
  { times: 2, weight: 16 },
  { times: 3, weight: 8 },
  { times: 4, weight: 5 },
  { times: 5, weight: 3 },
  { times: 6, weight: 2 },
]

/** The lead that converts. */
export interface Converting {
  readonly guid: string
  readonly insertedAt: number
  readonly imported: boolean
  readonly person: Person
}

/**
 * The conversion events of a lead, earliest first: none to six. A lead enters the database within a minute of its
 * first conversion; an imported one rarely converts.
 */
export function makeEvents(random: Random, lead: Converting): ConversionEvent[] {
  const times = lead.imported ? Number(random.percent(6)) : random.weighted(webConversions).times
  let convertDate = lead.insertedAt - random.integer(0, minute)
  const events: ConversionEvent[] = []
  for (let made = 0; made < times; made++) {
    events.push(makeEvent(random, lead, random.pick(forms), convertDate))
    convertDate += random.integer(1, 60 * day)
  }
  return events
}

function makeEvent(random: Random, lead: Converting, form: Form, convertDate: number): ConversionEvent {
  const guid = random.hex(32)
  const firstId = random.integer(100_000_000, 999_999_000)
  // Real portals sometimes omit the form's guid from a value although the event has it.
  const valueFormGuid = random.percent(8) ? '' : form.guid
  const makeValue = (field: Field, index: number): FormSubmissionValue => ({
    conversionGuid: guid,
    convertDate,
    fieldLabel: field.label,
    fieldName: field.name,
    fieldValue: lead.person[field.answer],
    formGuid: valueFormGuid,
    formId: form.id,
    formName: form.name,
    id: firstId + 10 * index,
    leadGuid: lead.guid,
    portalId,
  })
  return {
    convertDate,
    formGuid: form.guid,
    formId: form.id,
    formName: form.name,
    formSubmissionValues: form.fields.map(makeValue),
    guid,
    id: guid,
    leadGuid: lead.guid,
    pageName: form.pageName,
    pageType: 'Form',
    pageUrl: form.pageUrl,
    portalId,
  }
}
