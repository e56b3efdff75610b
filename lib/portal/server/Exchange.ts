import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Served } from './Served.ts'

/** A request, its answer on the wire, and the portal that it came to. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly served: Served
}

/** Reads the portal's clock, and tells the client: what is answered from now on is of this moment. */
export function readClock({ response, served }: Exchange): number {
  const now = served.settings.now()
  response.setHeader('Date', new Date(now).toUTCString())
  return now
}
