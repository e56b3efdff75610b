import type { Readable } from 'node:stream'
import type { AnswerHeaders } from './rateLimitHeaders.ts'

/** A successful answer. Read its body to the end or destroy it: until then it keeps its connection. */
export interface Answer {
  status: number
  headers: AnswerHeaders
  /** The decoded body. Its errors are raw: `bodyError` explains them. */
  body: Readable
}
