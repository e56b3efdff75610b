import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import type { Portal } from '../../../lib/portal/index.ts'

/** The reply of a portal, as much of it as arrived. */
export interface Reply {
  /** 0 if the connection ended before the headers. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Names and values as they were sent. */
  readonly rawHeaders: readonly string[]
  /** As it was sent, not decompressed. */
  readonly body: Buffer
  /** Undefined for a complete reply; else 'reset' by the portal, or 'closed' too early. */
  readonly broken: 'reset' | 'closed' | undefined
}

/** How a request differs from a plain GET. */
export interface PathOptions extends Pick<RequestOptions, 'method' | 'headers' | 'signal' | 'agent'> {
  readonly body?: string | Buffer
  /** Called with each chunk of the body. */
  readonly onData?: (chunk: Buffer) => void
}

const agent = new Agent({ keepAlive: true })

/** Requests a path of a portal with its token; the path is sent unchanged. */
export function requestWithToken(portal: Portal, path: string, options?: PathOptions): Promise<Reply> {
  const joint = path.includes('?') ? '&' : '?'
  return requestPath(portal, `${path}${joint}access_token=${portal.accessToken}`, options)
}

/** Requests a path, which is sent unchanged; resolves even if the reply is broken. */
export function requestPath(portal: Portal, path: string, options: PathOptions = {}): Promise<Reply> {
  const { body, onData = () => {}, ...rest } = options
  const { hostname, port } = new URL(portal.origin)
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let response: IncomingMessage | undefined
    const done = (broken: Reply['broken']) => {
      const { statusCode: status = 0, headers = {}, rawHeaders = [] } = response ?? {}
      resolve({ status, headers, rawHeaders, body: Buffer.concat(chunks), broken })
    }
    const fail = (error: Error & { syscall?: string }) => done(error.syscall === 'read' ? 'reset' : 'closed')
    request({ hostname, port, path, agent, ...rest }, incoming => {
      response = incoming
      incoming.on('data', chunk => {
        chunks.push(chunk)
        onData(chunk)
      })
      incoming.on('error', fail).on('end', () => done(undefined))
    })
      .on('error', fail)
      .end(body)
  })
}
