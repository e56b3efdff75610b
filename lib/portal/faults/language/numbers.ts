import type { NumberRange, Numbers } from '../FaultRule.ts'
import type { Field } from './Field.ts'

/** Numbers from 1 on, in text form `3`, `2,5-7`, `10-`. */
export const numbers: Field = {
  expected: 'numbers from 1 on, such as 3, 2,5-7 or 10-',
  read: readNumbers,
  holds: areNumbers,
  write: value =>
    rangesOf(value as Numbers)
      .map(writeRange)
      .join(','),
}

/** The same, or one of the words `first` and `last`. */
export const pages: Field = {
  expected: 'first, last, or numbers from 1 on, such as 3, 2,5-7 or 10-',
  read: text => (isWord(text) ? text : readNumbers(text)),
  holds: value => isWord(value) || areNumbers(value),
  write: value => (isWord(value) ? value : numbers.write(value)),
}

/** Whether the numbers include a number. */
export function includesNumber(all: Numbers, number: number): boolean {
  return rangesOf(all).some(({ from, to = Number.POSITIVE_INFINITY }) => from <= number && number <= to)
}

function rangesOf(all: Numbers): readonly NumberRange[] {
  const list = Array.isArray(all) ? (all as readonly (number | NumberRange)[]) : [all as number | NumberRange]
  return list.map(one => (typeof one === 'number' ? { from: one, to: one } : one))
}

function isWord(value: unknown): value is 'first' | 'last' {
  return value === 'first' || value === 'last'
}

function areNumbers(value: unknown): boolean {
  if (Array.isArray(value))
    return value.length > 0 && value.every(one => !Array.isArray(one) && areNumbers(one))
  if (typeof value === 'number') return isNumber(value)
  if (typeof value !== 'object' || value === null) return false
  const { from, to, ...otherFields } = value as Partial<NumberRange>
  const isRange = to === undefined || (isNumber(to) && to >= Number(from))
  return isNumber(from) && isRange && Object.keys(otherFields).length === 0
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1
}

function readNumbers(text: string): Numbers | undefined {
  const ranges = text.split(',').map(readRange)
  const [only, ...others] = ranges
  if (only === undefined || ranges.includes(undefined)) return undefined
  return others.length === 0 ? only : (ranges as Numbers)
}

function readRange(text: string): number | NumberRange | undefined {
  const [, from, dash, to] = /^(\d+)(?:(-)(\d+)?)?$/.exec(text) ?? []
  if (from === undefined) return undefined
  if (dash === undefined) return Number(from)
  return to === undefined ? { from: Number(from) } : { from: Number(from), to: Number(to) }
}

function writeRange({ from, to }: NumberRange): string {
  if (to === undefined) return `${from}-`
  return from === to ? String(from) : `${from}-${to}`
}
