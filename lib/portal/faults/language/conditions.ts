import type { FaultWhen } from '../FaultRule.ts'
import { type Field, integer, percent, word } from './Field.ts'
import { numbers, pages } from './numbers.ts'

/** A condition of a rule: its name in the object, and the text before and after its value. */
export interface Condition {
  readonly name: keyof FaultWhen
  readonly before: string
  readonly after: string
  readonly field: Field
}

const max = 1_000_000_000

const path: Field = {
  expected: 'a path that begins with a slash and has no spaces',
  read: text => `/${text}`,
  holds: value => typeof value === 'string' && /^\/[^\s:;]*$/.test(value),
  write: value => String(value).slice(1),
}

/** All conditions, in the order in which they are written. */
export const conditions: readonly Condition[] = [
  { name: 'request', before: '#', after: '', field: numbers },
  { name: 'every', before: 'every=', after: '', field: integer(1, max) },
  { name: 'page', before: 'page=', after: '', field: pages },
  { name: 'share', before: '', after: '%', field: percent },
  { name: 'times', before: 'x', after: '', field: integer(1, max) },
  { name: 'path', before: '/', after: '', field: path },
  // Has no text before or after it, so it matches every text that no other condition matches.
  { name: 'method', before: '', after: '', field: word('GET', 'POST', 'PUT') },
]
