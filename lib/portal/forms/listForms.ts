import { crmRefusal, requireScope } from '../crm/crmRefusal.ts'
import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { readWord } from '../list/readParameter.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { paging, readAfter } from './cursor.ts'
import type { FieldRow, FormRow } from './FormStore.ts'
import { readLimit } from './readLimit.ts'

const types = ['hubspot', 'captured', 'flow', 'blog_comment']

/**
 * `GET /marketing/v3/forms`: the forms that submissions name, by their guids. Without `formTypes`, only those of the
 * type `hubspot`.
 */
export function listForms(call: Call, { settings, store }: Served): Answer {
  requireScope(settings, 'forms')
  const { query } = call
  const limit = readLimit(query, { name: 'limit', default: 50, most: 500 })
  const request = {
    formTypes: readTypes(query),
    archived: readWord(query, 'archived', ['true', 'false']) === 'true',
    after: readAfter(query, guid => guid !== '') ?? '',
  }
  const rows = store.forms.forms({ ...request, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const results = page.map(row => formOf(row, store.forms.fields(row.guid)))
  if (last === undefined || rows.length <= limit) return jsonAnswer({ results })
  return jsonAnswer({ results, paging: paging(call, last.guid) })
}

/** Repeated or separated by commas. */
function readTypes(query: URLSearchParams): readonly string[] {
  const given = query.getAll('formTypes').flatMap(text => text.split(','))
  const stranger = given.find(type => type !== 'all' && !types.includes(type))
  if (stranger !== undefined) {
    throw crmRefusal(
      400,
      `Parameter formTypes: expected ${types.join(', ')} or all, got ${JSON.stringify(stranger)}`,
    )
  }
  if (given.includes('all')) return types
  return given.length === 0 ? ['hubspot'] : given
}

function formOf({ guid, name, formType, archived, firstAt, lastAt }: FormRow, fields: readonly FieldRow[]) {
  const createdAt = new Date(firstAt).toISOString()
  return {
    id: guid,
    name,
    formType,
    createdAt,
    updatedAt: createdAt,
    archived: archived === 1,
    ...(archived === 1 ? { archivedAt: new Date(lastAt).toISOString() } : {}),
    // One group per field, as the form editor makes them.
    fieldGroups: fields.map(field => ({
      groupType: 'default_group',
      richTextType: 'text',
      fields: [fieldOf(field)],
    })),
    configuration: { language: 'en', cloneable: true, editable: true, archivable: true },
    displayOptions: { renderRawHtml: false, theme: 'default_style', submitButtonText: 'Submit' },
    legalConsentOptions: { type: 'none' },
  }
}

const fieldOf = ({ name, label }: FieldRow) => ({
  objectTypeId: '0-1',
  name,
  label,
  fieldType: name.toLowerCase() === 'email' ? 'email' : 'single_line_text',
  required: false,
  hidden: false,
  dependentFields: [],
})
