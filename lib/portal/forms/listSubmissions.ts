import type { ConversionEvent } from '../../lead/leadParts.ts'
import { crmRefusal, requireScope } from '../crm/crmRefusal.ts'
import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { isObject } from '../leads/isObject.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { paging, readAfter } from './cursor.ts'
import { readLimit } from './readLimit.ts'

/**
 * `GET /form-integrations/v1/submissions/forms/{guid}`: the submissions of a form, newest first. `after` is an offset:
 * submissions that arrive between two requests shift the next page.
 */
export function listSubmissions(call: Call, { settings, store }: Served): Answer {
  requireScope(settings, 'forms')
  const { query, guid } = call
  const limit = readLimit(query, { name: 'limit', default: 20, most: 50 })
  const offset = Number(readAfter(query, text => /^\d{1,15}$/.test(text)) ?? 0)
  const form = store.forms.form(guid)
  if (form === undefined) {
    const category = 'OBJECT_NOT_FOUND'
    throw crmRefusal(404, `No form has the guid ${JSON.stringify(guid)}`, { category })
  }
  if (form.formType === 'blog_comment') {
    const message = 'Submissions of a form of the type blog_comment can not be read'
    throw crmRefusal(400, message, { errors: [{ message, errorType: 'FORM_TYPE_NOT_ALLOWED' }] })
  }
  const texts = store.forms.submissions({ form: guid, offset, limit: limit + 1 })
  const { conversionIdsSince = Number.NEGATIVE_INFINITY } = settings
  const results = texts.slice(0, limit).map(text => submissionOf(JSON.parse(text), conversionIdsSince))
  if (texts.length <= limit) return jsonAnswer({ results })
  return jsonAnswer({ results, paging: paging(call, String(offset + limit)) })
}

function submissionOf(event: ConversionEvent, conversionIdsSince: number): object {
  const { guid, convertDate = 0, pageUrl, formSubmissionValues = [] } = event
  return {
    ...(convertDate < conversionIdsSince ? {} : { conversionId: guid }),
    submittedAt: convertDate,
    values: valuesOf(formSubmissionValues),
    pageUrl,
  }
}

/** The values of a user's own lead may be anything. */
function valuesOf(values: unknown): object[] {
  if (!Array.isArray(values)) return []
  return values
    .filter(isObject)
    .map(({ fieldName, fieldValue }) => ({ name: fieldName, value: fieldValue, objectTypeId: '0-1' }))
}
