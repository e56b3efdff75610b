import { validateHeaderName, validateHeaderValue } from 'node:http'

/** Whether Node would send a header. Header names begin with a capital; the names of a fault's own values do not. */
export function isHeader(name: string, value: unknown): value is string {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value as string)
    return typeof value === 'string' && /^[A-Z]/.test(name)
  } catch {
    return false
  }
}
