import type { AnswerHeaders } from './rateLimitHeaders.ts'

/** A header's value, the first where it was sent more than once. */
export function header(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
