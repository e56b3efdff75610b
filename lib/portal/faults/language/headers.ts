import { validateHeaderName, validateHeaderValue } from 'node:http'

/** Whether Node would send a header. Names begin with a capital, which tells them from a fault's own values. */
export function isHeader(name: string, value: unknown): value is string {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value as string)
    return typeof value === 'string' && /^[A-Z]/.test(name)
  } catch {
    return false
  }
}
