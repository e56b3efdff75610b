import { randomUUID } from 'node:crypto'
import { Refusal } from '../Refusal.ts'
import type { Answer } from './Answer.ts'

/** What the body of an error is. */
export type ErrorForm = 'json' | 'html'

/** The answer to a request that is not served: a Refusal says why, all else is the portal's own fault. */
export function errorAnswer(error: unknown, form: ErrorForm): Answer {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, `The portal failed: ${error instanceof Error ? error.message : String(error)}`)
  return form === 'html' ? htmlError(refusal) : jsonError(refusal)
}

/** The form that HubSpot's JSON errors have, by what real clients read. */
function jsonError({ status, message, fields, headers }: Refusal): Answer {
  const ids = { correlationId: randomUUID(), requestId: randomUUID() }
  return {
    status,
    headers,
    body: [Buffer.from(JSON.stringify({ status: 'error', message, ...fields, ...ids }))],
  }
}

/** A page as Tomcat makes it, which real clients have been answered. */
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
