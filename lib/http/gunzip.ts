import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { LeadpipeError } from '../errors.ts'
import { header } from './header.ts'
import type { RawAnswer } from './transmit.ts'

/**
 * The decoded body of an answer. Only gzip was offered, so anything else is an error. undici's own decoding
 * (fetch, the decompress interceptor) is not used: a gzip body cut in half ended there without an error.
 *
 * @param redact removes secrets: what a server calls its encoding is its own, and is told in the error
 * @throws {LeadpipeError} DECODE for another encoding.
 */
export function gunzip(
  { headers, body }: Pick<RawAnswer, 'headers' | 'body'>,
  url: string,
  redact: (text: string) => string,
): Readable {
  const encoding = redact(header(headers, 'content-encoding') ?? '')
    .trim()
    .toLowerCase()
  if (encoding === 'identity' || encoding === '') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    body.on('error', () => {}).destroy()
    throw new LeadpipeError(
      'DECODE',
      `${url} answered with Content-Encoding ${encoding}; expected gzip or none`,
      { context: { contentEncoding: encoding } },
    )
  }
  // A chunk as large as the socket's own, so that a lead is cut as seldom as without gzip.
  const plain = createGunzip({ chunkSize: 65_536 })
  // The consumer reads errors from `plain`, which pipeline destroys with them.
  pipeline(body, plain, () => {})
  return plain
}
