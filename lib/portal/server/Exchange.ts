import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Served } from './Served.ts'

/** A request, its answer on the wire, and the portal that received it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly served: Served
}

/** Reads the portal's clock, and sends that time to the client as the time of the answer. */
export function readClock({ response, served }: Exchange): number {
  const now = served.settings.now()
  response.setHeader('Date', new Date(now).toUTCString())
  return now
}
