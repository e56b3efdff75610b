import { createHash } from 'node:crypto'

/** How the texts of records become a body. */
export interface BodyFormat {
  contentType: string
  /** The text before the first record, between two records, and after the last. */
  before: string
  between: string
  after: string
}

/** The formats that a body can have. */
export const bodyFormats = {
  ndjson: { contentType: 'application/x-ndjson', before: '', between: '\n', after: '\n' },
  json: { contentType: 'application/json', before: '[', between: ',', after: ']' },
  single: { contentType: 'application/json', before: '', between: '', after: '' },
} as const satisfies Record<string, BodyFormat>

/** One of {@link bodyFormats}: NDJSON, a JSON array, or a single record per request. */
export type BodyFormatName = keyof typeof bodyFormats

/** The body for the texts of records. */
export function bodyOf(texts: readonly string[], { before, between, after }: BodyFormat): Buffer {
  return Buffer.from(before + texts.join(between) + after)
}

/**
 * The Idempotency-Key of a batch, 64 hexadecimal digits: the same batch of the same run always has the same key, and no
 * two bodies share a key.
 *
 * @param position how many records of the stream precede the batch
 * @param body before compression
 */
export function batchKey(runId: string, position: number, body: Uint8Array): string {
  // A run id has no line break, so the boundaries between the digested parts are unambiguous.
  return createHash('sha256').update(`${runId}\n${position}\n`).update(body).digest('hex')
}
