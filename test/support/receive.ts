import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

/** A request that a receiver has received completely. */
export interface Arrival {
  method: string
  headers: IncomingMessage['headers']
  /** Its Idempotency-Key. */
  key: string
  /** The body as sent. */
  sent: Buffer
  /** The body, decompressed. */
  text: string
  /** The records of the body: its lines, the elements of its array, or its one record. */
  records: unknown[]
}

/** Answers a request, or leaves it unanswered. */
export type Behaviour = (arrival: Arrival, response: ServerResponse) => void

/** A receiver and its requests. */
export interface Receiving extends Listening {
  arrivals: Arrival[]
  /** The most requests that were open at once. */
  readonly most: number
}

/** Accepts the records with 204. */
export const accept: Behaviour = (_arrival, response) => void response.writeHead(204).end()

/** Starts an HTTP receiver of batches. */
export async function receive(t: Test, behave: Behaviour = accept): Promise<Receiving> {
  const arrivals: Arrival[] = []
  let open = 0
  let most = 0
  const listening = await listen(t, async (request, response) => {
    open += 1
    most = Math.max(most, open)
    response.once('close', () => {
      open -= 1
    })
    const sent = await buffer(request).catch(() => undefined)
    if (sent === undefined) return
    const arrival = arrivalOf(request, sent)
    arrivals.push(arrival)
    behave(arrival, response)
  })
  return Object.defineProperty(Object.assign(listening, { arrivals, most: 0 }), 'most', { get: () => most })
}

function arrivalOf({ method = '', headers }: IncomingMessage, sent: Buffer): Arrival {
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString()
  const lines = headers['content-type'] === 'application/x-ndjson'
  const value = lines
    ? text
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line))
    : JSON.parse(text)
  return {
    method,
    headers,
    key: String(headers['idempotency-key']),
    sent,
    text,
    records: Array.isArray(value) ? value : [value],
  }
}
