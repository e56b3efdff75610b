import type { Property, StoredRecord } from '../properties/Property.ts'
import { timeOf } from '../properties/values.ts'
import type { Filter } from './Filter.ts'

/** Whether a record meets a filter. A value that is missing meets only the operators that exclude others. */
export function matches({ property, operator, values }: Filter, record: StoredRecord): boolean {
  const value = property.of(record)
  if (operator === 'HAS_PROPERTY') return value !== null
  if (operator === 'NOT_HAS_PROPERTY') return value === null
  const isExcluding = operator === 'NEQ' || operator === 'NOT_IN' || operator === 'NOT_CONTAINS_TOKEN'
  if (value === null) return isExcluding
  const order = (other: string): number => compareValues(property, value, other)
  const [first = '', second = ''] = values
  switch (operator) {
    case 'LT':
      return order(first) < 0
    case 'LTE':
      return order(first) <= 0
    case 'GT':
      return order(first) > 0
    case 'GTE':
      return order(first) >= 0
    case 'BETWEEN':
      return order(first) >= 0 && order(second) <= 0
    case 'CONTAINS_TOKEN':
    case 'NOT_CONTAINS_TOKEN':
      return hasToken(value, first) !== isExcluding
    default:
      return values.some(other => order(other) === 0) !== isExcluding
  }
}

/** Compares two values by the type of their property; texts without regard to case. */
export function compareValues({ type }: Property, a: string, b: string): number {
  if (type === 'datetime') return (timeOf(a) ?? 0) - (timeOf(b) ?? 0)
  if (type === 'number') return Number(a) - Number(b)
  const [left, right] = [a.toLowerCase(), b.toLowerCase()]
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** Whether one of a text's words, or all of it, equals a pattern with `*` for any characters. */
function hasToken(text: string, pattern: string): boolean {
  const parts = pattern.toLowerCase().split('*').map(escapeRegExp)
  const whole = new RegExp(`^${parts.join('.*')}$`, 's')
  const lower = text.toLowerCase()
  return whole.test(lower) || lower.split(/[^\p{L}\p{N}]+/u).some(word => whole.test(word))
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
