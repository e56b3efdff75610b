import { randomUUID } from 'node:crypto'
import { Refusal } from '../Refusal.ts'
import type { Answer } from './Answer.ts'

/** The answer to a request that is not served: a Refusal says why, all else is the portal's own fault. */
export function errorAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return jsonError(error.status, error.message, error.headers)
  return jsonError(500, `The portal failed: ${error instanceof Error ? error.message : String(error)}`)
}

/** The form that HubSpot's JSON errors have, by what real clients read. */
function jsonError(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const error = { status: 'error', message, correlationId: randomUUID(), requestId: randomUUID() }
  return { status, headers, body: [Buffer.from(JSON.stringify(error))] }
}
