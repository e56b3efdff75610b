import { describe } from '../model/checkOptions.ts'

/**
 * The first difference between two values of plain JSON, in words; undefined when they are equal.
 *
 * @param where what the values are, for example 'sink'
 */
export function differenceOf(before: unknown, now: unknown, where = ''): string | undefined {
  if (isObject(before) && isObject(now)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const found = differenceOf(before[name], now[name], where === '' ? name : `${where}.${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (Object.is(before, now)) return undefined
  return `${where} was ${said(before)} and is ${said(now)} now`
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const said = (value: unknown) => (value === undefined ? 'not there' : describe(value))
