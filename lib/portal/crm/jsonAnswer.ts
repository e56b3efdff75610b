import type { Answer } from '../server/Answer.ts'

/** An answer whose body is this value as JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: {}, body: [Buffer.from(JSON.stringify(value))] }
}
