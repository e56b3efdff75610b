import { randomUUID } from 'node:crypto'
import { checkNames, refused } from '../checkOption.ts'
import { portalId } from '../data/portalId.ts'
import { applyChanges } from '../lead/applyChanges.ts'
import { isObject } from '../leads/isObject.ts'
import { PortalError } from '../PortalError.ts'
import type { Served } from '../server/Served.ts'
import type { JsonLead } from '../store/Store.ts'
import type { SubmissionEvent } from './FormStore.ts'
import type { PortalSubmission, PortalSubmissionValue } from './PortalSubmission.ts'

const owner = 'portal.submit()'
const names = ['values', 'submittedAt', 'conversionId', 'contact', 'formName', 'pageUrl', 'pageName'] as const

/** Implements `portal.submit`. */
export function submitInCode(
  { settings, store }: Pick<Served, 'settings' | 'store'>,
  formGuid: unknown,
  given: unknown,
): void {
  const submission = checkSubmission(formGuid, given)
  const now = Math.trunc(settings.now())
  const form = store.forms.form(submission.formGuid)
  const event = eventOf({ formName: form?.name ?? 'Form', submittedAt: now, ...submission })
  const { contact } = submission
  if (contact === undefined) {
    store.submit(event)
    return
  }
  const seq = store.find('email', contact)
  if (seq === undefined) {
    throw new PortalError('LEADS', `No lead has the email ${JSON.stringify(contact)}`)
  }
  store.update(seq, lead => withEvent(applyChanges(lead, {}, now), event))
}

type Checked = Omit<PortalSubmission, 'values'> & {
  readonly formGuid: string
  readonly values: readonly PortalSubmissionValue[]
}

/** Checks the arguments; what is not given is left out. */
function checkSubmission(formGuid: unknown, given: unknown): Checked {
  checkNames(given, names, { owner })
  const { values = [], ...others } = given
  if (typeof formGuid !== 'string' || formGuid === '') {
    throw refused('formGuid', 'the guid of a form', formGuid, owner)
  }
  if (!Array.isArray(values) || !values.every(isValue)) {
    throw refused('values', 'an array of { name, value, label? }, all of them strings', values, owner)
  }
  for (const name of ['contact', 'formName', 'pageUrl', 'pageName'] as const) {
    if (others[name] !== undefined && typeof others[name] !== 'string') {
      throw refused(name, 'a string', others[name], owner)
    }
  }
  const { submittedAt, conversionId } = others
  if (submittedAt !== undefined && !Number.isSafeInteger(submittedAt)) {
    throw refused('submittedAt', 'milliseconds since 1970', submittedAt, owner)
  }
  if (conversionId !== undefined && conversionId !== null && typeof conversionId !== 'string') {
    throw refused('conversionId', 'a string or null', conversionId, owner)
  }
  const defined = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  return { ...defined, formGuid, values }
}

const isValue = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.name === 'string' &&
  typeof value.value === 'string' &&
  (value.label === undefined || typeof value.label === 'string')

type Filled = Checked & { readonly formName: string; readonly submittedAt: number }

/** The conversion event of a submission. */
function eventOf(submission: Filled): SubmissionEvent & JsonLead {
  const { formGuid, formName, values, submittedAt: convertDate } = submission
  const { conversionId = randomUUID(), pageName = 'Page', pageUrl = 'http://demo.example/' } = submission
  const ids = conversionId === null ? {} : { guid: conversionId, id: conversionId }
  return {
    convertDate,
    formGuid,
    formName,
    formSubmissionValues: values.map(({ name, value, label = name }) => ({
      ...(conversionId === null ? {} : { conversionGuid: conversionId }),
      convertDate,
      fieldLabel: label,
      fieldName: name,
      fieldValue: value,
      formGuid,
      formName,
      portalId,
    })),
    ...ids,
    pageName,
    pageType: 'Form',
    pageUrl,
    portalId,
  }
}

/** A lead with one more event, which stands behind those of earlier and equal times. */
function withEvent(lead: JsonLead, event: SubmissionEvent & JsonLead): JsonLead {
  const { guid: leadGuid } = lead
  const values = event.formSubmissionValues as readonly object[]
  const own = { ...event, leadGuid, formSubmissionValues: values.map(value => ({ ...value, leadGuid })) }
  const events: unknown[] = Array.isArray(lead.leadConversionEvents) ? [...lead.leadConversionEvents] : []
  const later = events.findIndex(other => isObject(other) && Number(other.convertDate) > event.convertDate)
  events.splice(later === -1 ? events.length : later, 0, own)
  return {
    ...lead,
    lastConvertedAt: Math.max(Number(lead.lastConvertedAt ?? 0), event.convertDate),
    leadConversionEvents: events,
    numConversionEvents: events.length,
  }
}
