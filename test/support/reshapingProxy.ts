import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { listen } from './listen.ts'

/** Sends a body of the portal in another form. */
export type Reshape = (body: Buffer, response: ServerResponse, request: IncomingMessage) => void

/** A proxy of a portal that changes its answers; returns the proxy's origin. */
export async function reshapingProxy(t: Test, origin: string, reshape: Reshape): Promise<string> {
  const { origin: own } = await listen(t, async (request, response) => {
    const answer = await fetch(new URL(request.url ?? '/', origin))
    response.statusCode = answer.status
    reshape(Buffer.from(await answer.arrayBuffer()), response, request)
  })
  return own
}
