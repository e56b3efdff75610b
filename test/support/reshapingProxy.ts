import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { listen } from './listen.ts'

/** Sends a body of the portal's on, in another shape. */
export type Reshape = (body: Buffer, response: ServerResponse, request: IncomingMessage) => void

/** A server in front of a portal that asks it the same and sends its answers reshaped; returns its origin. */
export async function reshapingProxy(t: Test, origin: string, reshape: Reshape): Promise<string> {
  const { origin: own } = await listen(t, async (request, response) => {
    const answer = await fetch(new URL(request.url ?? '/', origin))
    response.statusCode = answer.status
    reshape(Buffer.from(await answer.arrayBuffer()), response, request)
  })
  return own
}
