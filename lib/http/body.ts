import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { LeadpipeError } from '../errors.ts'
import { header, type RawAnswer } from './exchange.ts'
import { networkError } from './networkError.ts'

/**
 * The decoded body of an answer. Only gzip was offered, so any other encoding is an error. undici's own decoding
 * (fetch, the decompress interceptor) is not used: there, a gzip body that was cut in half ended without an error.
 *
 * @param redact removes secrets: the error repeats the server's name for the encoding, which can be any text
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
      { context: { problem: 'malformed', contentEncoding: encoding } },
    )
  }
  // Chunks as large as those of a socket, so that leads are split as rarely as without gzip.
  const plain = createGunzip({ chunkSize: 65_536 })
  // The consumer gets an error from `plain`, because pipeline destroys it with the error.
  pipeline(body, plain, () => {})
  return plain
}

/** An error in the middle of a body as a LeadpipeError: DECODE for broken gzip, otherwise a network error. */
export function bodyError(cause: unknown, origin: string): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const { code } = cause as { code?: string }
  if (code === 'Z_BUF_ERROR') {
    return new LeadpipeError('DECODE', `${origin}: the body ends in the middle of its gzip data`, {
      retryable: true,
      cause,
      context: { problem: 'cut' },
    })
  }
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new LeadpipeError('DECODE', `${origin}: the body is not valid gzip data`, {
      cause,
      context: { problem: 'malformed' },
    })
  }
  return networkError(cause, origin)
}

/**
 * Reads a decoded body to its end.
 *
 * @param limit its length in bytes at most
 * @throws {LeadpipeError} DECODE if it is longer; DECODE, NETWORK or TIMEOUT if it is cut off; the signal's reason after
 * an abort.
 */
export async function readWhole(
  { url, status, body }: { url: string; status: number; body: Readable },
  limit: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { text, cut, failure } = await readText(body, limit)
  if (failure !== undefined) {
    signal?.throwIfAborted()
    throw bodyError(failure, new URL(url).origin)
  }
  if (!cut) return text
  throw new LeadpipeError('DECODE', `${url} answered more than ${limit} bytes, expected a small answer`, {
    context: { problem: 'limit', status, url },
  })
}

/** The beginning of a body. */
export interface BodyText {
  text: string
  /** Whether there was more than `limit`. */
  cut: boolean
  /** The error, if the body was cut off; the text is the part before it. */
  failure?: unknown
}

/** Reads a body up to a limit in bytes and destroys the rest, so that its connection is free or closed. */
export async function readText(body: Readable, limit: number): Promise<BodyText> {
  const chunks: Buffer[] = []
  let length = 0
  const read = () => ({
    text: Buffer.concat(chunks).toString('utf8', 0, Math.min(length, limit)),
    cut: length > limit,
  })
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > limit) break
    }
    return read()
  } catch (failure) {
    return { ...read(), failure }
  }
}
