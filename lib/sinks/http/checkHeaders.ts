import { optionError } from '../../options/checkOptions.ts'

/** Set by the sink, or none of a user's business: a wrong one breaks every request. */
const reserved = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The headers that a user gave, their names in lower case.
 *
 * @throws {LeadpipeError} OPTION, naming the header, never its value.
 */
export function checkHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase()
    // A name that is none may be a value in the wrong place.
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw optionError('toHttp(): headers', 'expected names of headers, received one that is none')
    }
    if (reserved.has(key)) throw optionError('toHttp(): headers', `${key} can't be set`)
    if (headers.has(key)) throw optionError('toHttp(): headers', `${key} is given twice`)
    if (!/^[\x20-\x7e]+$/.test(value) || value.trim() !== value) {
      throw optionError(
        'toHttp(): headers',
        `the value of ${key}: expected printable ASCII, without spaces around it (its value is not shown)`,
      )
    }
    headers.set(key, value)
  }
  return Object.fromEntries(headers)
}
