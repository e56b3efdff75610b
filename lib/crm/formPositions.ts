import type { OptionRule } from '../options/optionRule.ts'

/** Where a list of forms resumes: plain JSON. */
export interface FormsPosition {
  paging: 'forms'
  /** Forms delivered before. */
  records: number
  /** Their ids. The list is read from its beginning, and these are left out: no cursor has to stay valid. */
  ids: readonly string[]
}

/** Where a list of form submissions resumes: plain JSON. */
export interface SubmissionsPosition {
  paging: 'submissions'
  /** Submissions delivered before. */
  records: number
  /** Only what was submitted at this time or later; in milliseconds, like all times here. Absent: no bound. */
  since?: number
  /** Only what was submitted before this time. Absent until the first answer has shown the server's time. */
  until?: number
  /**
   * The forms whose submissions before `since` have not been read, because the portal refused them the last time: the
   * `since` of the options applies to them.
   */
  unread?: readonly string[]
  /** The form of the last submission; absent before the first. Forms with smaller ids are done. */
  form?: string
  /** The cursor of the page with the last submission; absent for the first page of the form. */
  after?: string
  /** The oldest time among the delivered submissions of the form. */
  oldest?: number
  /** The times of the delivered submissions of the form that a page may show again as if they were new, by their keys. */
  recent?: Readonly<Record<string, number>>
  /** No other delivered submission of the form is older than this; absent if there are no others. */
  before?: number
}

const count = { type: 'integer', minimum: 0 } as const
const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const

/** A rule for positions. What is wrong inside of one does not matter: it is described as a whole. */
const positionRule = (paging: string, required: readonly string[], properties: object): OptionRule => ({
  anyOf: [
    {
      type: 'object',
      required: ['paging', 'records', ...required],
      properties: { paging: { const: paging }, records: count, ...properties },
      additionalProperties: false,
    },
  ],
  expected: 'the value of `position` of an earlier source',
})

/** What the option `from` of `forms()` accepts. */
export const formsPositionRule = positionRule('forms', ['ids'], { ids: texts })

/** What the option `from` of `formSubmissions()` accepts. */
export const submissionsPositionRule = positionRule('submissions', [], {
  ...{ since: count, until: { type: 'integer' }, unread: texts, form: text, after: text },
  ...{ oldest: { type: 'integer' }, recent: { type: 'object', additionalProperties: { type: 'integer' } } },
  before: { type: 'integer' },
})
