import { rateLimitFields, rateLimitMessage } from '../limits/RateLimiter.ts'
import { Refusal } from '../Refusal.ts'
import type { Answer } from '../server/Answer.ts'
import { type ErrorForm, errorAnswer } from '../server/errorAnswer.ts'
import type { StatusFault } from './Fault.ts'

/** The answer that replaces the requested one. */
export function statusAnswer({ status, body, policy, headers = {} }: StatusFault, form: ErrorForm): Answer {
  if (body !== undefined && body !== 'json' && body !== 'html') {
    const text = body === 'empty' ? '' : body
    return {
      status,
      headers: { 'Content-Type': 'text/plain;charset=utf-8', ...headers },
      body: [Buffer.from(text)],
    }
  }
  const message = policy === undefined ? `A fault was requested: ${status}` : rateLimitMessage(policy)
  const fields = policy === undefined ? {} : rateLimitFields(policy)
  return errorAnswer(new Refusal(status, message, { headers, fields }), body ?? form)
}
