import { randomUUID } from 'node:crypto'
import { Refusal } from '../Refusal.ts'
import type { Answer } from './Answer.ts'

/** The form of an error's body. */
export type ErrorForm = 'json' | 'html'

/** The answer to a request that is not served: a Refusal has the reason, any other error is the portal's own fault. */
export function errorAnswer(error: unknown, form: ErrorForm): Answer {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, `The portal failed: ${error instanceof Error ? error.message : String(error)}`)
  return form === 'html' ? htmlError(refusal) : jsonError(refusal)
}

/** The form of HubSpot's JSON errors, as far as real clients read them. */
function jsonError({ status, message, fields, headers }: Refusal): Answer {
  const ids = { correlationId: randomUUID(), requestId: randomUUID() }
  return {
    status,
    headers: { 'X-HubSpot-Correlation-Id': ids.correlationId, ...headers },
    body: [Buffer.from(JSON.stringify({ status: 'error', message, ...fields, ...ids }))],
  }
}

/** A page like Tomcat's, which real clients have received. */
function htmlError({ status, message, headers }: Refusal): Answer {
  const title = `HTTP Status ${status} - ${escapeHtml(message)}`
  const page = `<html><head><title>Apache Tomcat - Error report</title></head><body><h1>${title}</h1><hr size="1" noshade="noshade"><p><b>type</b> Status report</p><p><b>message</b> <u>${escapeHtml(message)}</u></p><hr size="1" noshade="noshade"><h3>Apache Tomcat</h3></body></html>`
  return {
    status,
    headers: { ...headers, 'Content-Type': 'text/html;charset=utf-8' },
    body: [Buffer.from(page)],
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
