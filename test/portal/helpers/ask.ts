import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import type { Portal } from '../../../lib/portal/index.ts'

/** What came back from a portal, as far as it came. */
export interface Asked {
  /** 0 when the connection ended before any. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Names and values as they were written. */
  readonly rawHeaders: readonly string[]
  /** As it was sent: not decompressed. */
  readonly body: Buffer
  /** Undefined for a complete answer; else how it broke: `reset` by the portal, or `closed` too early. */
  readonly broken: 'reset' | 'closed' | undefined
}

/** How a request differs from a plain GET. */
export interface AskOptions extends Pick<RequestOptions, 'method' | 'headers' | 'signal' | 'agent'> {
  readonly body?: string | Buffer
  /** Is told of each chunk of the answer as it comes. */
  readonly onData?: (chunk: Buffer) => void
}

const agent = new Agent({ keepAlive: true })

/** Requests a path of a portal with its token; the path otherwise as it goes on the wire. */
export function askWithToken(portal: Portal, path: string, options?: AskOptions): Promise<Asked> {
  const joint = path.includes('?') ? '&' : '?'
  return ask(portal, `${path}${joint}access_token=${portal.accessToken}`, options)
}

/** Requests a path, which goes on the wire as it is, and takes whatever comes for an answer. */
export function ask(portal: Portal, path: string, options: AskOptions = {}): Promise<Asked> {
  const { body, onData = () => {}, ...rest } = options
  const { hostname, port } = new URL(portal.origin)
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let response: IncomingMessage | undefined
    const done = (broken: Asked['broken']) => {
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
